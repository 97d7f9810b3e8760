"""What operations on models change: tables, what must be unique together, the order of related objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.migrations.utils import resolve_relation
from django.db.models import OrderWrt
from django.db.models.options import normalize_together

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.deriving.dispatch import Surroundings, derived
from django_safe_migrate.analysis.deriving.fields import altered, sides_changed
from django_safe_migrate.sql.tables import many_to_many_table, own_tables, table_name

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState, ProjectState


@derived.register(operations.CreateModel)
def _create_model(operation: operations.CreateModel, around: Surroundings) -> Iterator[Change]:
    model = around.new(operation.name)
    if model is None:
        return
    main, *related = own_tables(model)
    targets = (
        around.schema.referenced_table(around.after, model, field)
        for field in model.fields.values()
        if getattr(field, "db_constraint", False)
    )
    yield changes.TableCreated(main, tuple(sorted({table for table in targets if table})))
    for table in related:
        yield changes.TableCreated(table, (main,))


@derived.register(operations.DeleteModel)
def _delete_model(operation: operations.DeleteModel, around: Surroundings) -> Iterator[Change]:
    model = around.old(operation.name)
    if model is None:
        return
    main, *related = own_tables(model)
    for table in related:
        yield changes.TableDropped(table, (main,))
    yield changes.TableDropped(main)


@derived.register(operations.RenameModel)
def _rename_model(operation: operations.RenameModel, around: Surroundings) -> Iterator[Change]:
    old, new = around.old(operation.old_name), around.new(operation.new_name)
    yield from _rename_tables(old, new, with_fields=True)
    if old is None or new is None:
        return
    if table_name(old) != table_name(new):
        yield from _point_again(old, new, around)
    if old.name_lower != new.name_lower:
        yield from _rename_sides(old, new, around)


def _point_again(old: ModelState, new: ModelState, around: Surroundings) -> Iterator[Change]:
    """Django makes the foreign keys of others to a renamed table again."""
    for model, name, field in _relations(around.after):
        # Relations that cannot be followed back are none of the model's related objects: Django leaves them alone.
        is_hidden = bool(field.remote_field.related_name) and field.remote_field.hidden
        if field.many_to_many or is_hidden or _target(model, field) != _key(new):
            continue
        was = _before(model, old, new, around)
        if was is not None and name in was.fields:
            before = around.schema.column(around.before, was, name, was.fields[name])
            after = around.schema.column(around.after, model, name, field)
            yield from altered(before, after, around.schema, renamed=True)


def _rename_sides(old: ModelState, new: ModelState, around: Surroundings) -> Iterator[Change]:
    """Django names the columns of a many-to-many table after the two models, whatever the tables of these are called."""
    for model, name, field in _relations(around.after):
        is_concerned = _key(new) in {_key(model), _target(model, field)}
        if is_concerned and many_to_many_table(model, name, field):
            was = _before(model, old, new, around)
            if was is not None and name in was.fields:
                yield from sides_changed((was, was.fields[name]), (model, field), name, around)


def _relations(state: ProjectState) -> Iterator[tuple[ModelState, str, Any]]:
    # Of the models as states share them: reading them one by one would copy them all.
    for model in dict.values(state.models):
        for name, field in model.fields.items():
            if field.remote_field is not None:
                yield model, name, field


def _before(
    model: ModelState, old: ModelState, new: ModelState, around: Surroundings
) -> ModelState | None:
    return old if _key(model) == _key(new) else dict.get(around.before.models, _key(model))


def _key(model: ModelState) -> tuple[str, str]:
    return model.app_label, model.name_lower


@derived.register(operations.AlterModelTable)
def _alter_model_table(
    operation: operations.AlterModelTable, around: Surroundings
) -> Iterator[Change]:
    yield from _rename_tables(around.old(operation.name), around.new(operation.name))


def _rename_tables(
    old: ModelState | None, new: ModelState | None, *, with_fields: bool = False
) -> Iterator[Change]:
    if old is None or new is None:
        return
    main = table_name(old)
    for before, after in zip(own_tables(old), own_tables(new), strict=False):
        if before != after:
            yield changes.TableRenamed(before, after, with_fields and before != main)


def _target(model: ModelState, field: Any) -> tuple[str, str]:
    return resolve_relation(field.remote_field.model, model.app_label, model.name_lower)


@derived.register(operations.AlterModelTableComment)
def _alter_table_comment(
    operation: operations.AlterModelTableComment, around: Surroundings
) -> Iterator[Change]:
    model = around.new(operation.name)
    if model is not None and around.schema.connection.features.supports_comments:
        yield changes.TableCommented(table_name(model))


@derived.register(operations.AlterUniqueTogether)
def _alter_unique_together(
    operation: operations.AlterUniqueTogether, around: Surroundings
) -> Iterator[Change]:
    yield from _together(operation, around, changes.UniqueDropped, changes.UniqueAdded)


@derived.register(operations.AlterIndexTogether)
def _alter_index_together(
    operation: operations.AlterIndexTogether, around: Surroundings
) -> Iterator[Change]:
    yield from _together(operation, around, _index_dropped, _index_added)


def _index_added(table: str, columns: tuple[str, ...]) -> Change:
    return changes.IndexAdded(table, "", columns)


def _index_dropped(table: str, columns: tuple[str, ...]) -> Change:
    return changes.IndexDropped(table, "", columns)


def _together(operation: Any, around: Surroundings, dropped: Any, added: Any) -> Iterator[Change]:
    old, new = around.old(operation.name), around.new(operation.name)
    if old is None or new is None:
        return
    before, after = (
        set(normalize_together(m.options.get(operation.option_name) or ())) for m in (old, new)
    )
    for names in sorted(before - after):
        yield dropped(table_name(new), around.columns(new, names))
    for names in sorted(after - before):
        yield added(table_name(new), around.columns(new, names))


@derived.register(operations.AlterOrderWithRespectTo)
def _alter_order(
    operation: operations.AlterOrderWithRespectTo, around: Surroundings
) -> Iterator[Change]:
    old, new = around.old(operation.name), around.new(operation.name)
    if old is None or new is None:
        return
    was_ordered, is_ordered = (
        bool(model.options.get("order_with_respect_to")) for model in (old, new)
    )
    if was_ordered == is_ordered:
        return
    column = around.schema.column(
        around.after, new, "_order", new.fields.get("_order") or _order_field()
    )
    if column is not None:
        kind = changes.ColumnAdded if is_ordered else changes.ColumnDropped
        yield kind(column.table, column)


def _order_field() -> OrderWrt:
    # As the operation itself adds it: NOT NULL, with a default for existing rows.
    field = OrderWrt()
    field.default = 0
    return field
