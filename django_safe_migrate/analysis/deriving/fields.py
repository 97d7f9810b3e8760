"""What operations on fields change: columns, and the tables of many-to-many fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.deriving.dispatch import Surroundings, derived
from django_safe_migrate.analysis.schema import Column, Schema
from django_safe_migrate.analysis.state_tables import through_fields
from django_safe_migrate.analysis.statements import writer_class
from django_safe_migrate.sql.tables import many_to_many_table, table_name

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState, ProjectState


@derived.register(operations.AddField)
def _add_field(operation: operations.AddField, around: Surroundings) -> Iterator[Change]:
    model = around.new(operation.model_name)
    if model is not None:
        # The operation's own field: with preserve_default=False the state has lost its default.
        yield from _field_added(around.after, model, operation.name, operation.field, around.schema)


@derived.register(operations.RemoveField)
def _remove_field(operation: operations.RemoveField, around: Surroundings) -> Iterator[Change]:
    model = around.old(operation.model_name)
    if model is not None:
        field = model.fields[operation.name]
        for added in _field_added(around.before, model, operation.name, field, around.schema):
            yield added.inverse()


def _field_added(
    state: ProjectState, model: ModelState, name: str, field: Any, schema: Schema
) -> Iterator[Any]:
    related = many_to_many_table(model, name, field)
    if related:
        yield changes.TableCreated(related, (table_name(model),))
        return
    column = schema.column(state, model, name, field)
    if column is not None:
        yield changes.ColumnAdded(column.table, column)


@derived.register(operations.AlterField)
def _alter_field(operation: operations.AlterField, around: Surroundings) -> Iterator[Change]:
    old, new = around.old(operation.model_name), around.new(operation.model_name)
    if old is None or new is None:
        return
    field = old.fields[operation.name]
    tables = [
        many_to_many_table(old, operation.name, field),
        many_to_many_table(new, operation.name, operation.field),
    ]
    if all(tables):
        if tables[0] != tables[1]:
            yield changes.TableRenamed(tables[0], tables[1], many_to_many=True)
        yield from sides_changed((old, field), (new, operation.field), operation.name, around)
        return
    before = around.schema.column(around.before, old, operation.name, field)
    after = around.schema.column(around.after, new, operation.name, operation.field)
    yield from altered(before, after, around.schema)


@derived.register(operations.RenameField)
def _rename_field(operation: operations.RenameField, around: Surroundings) -> Iterator[Change]:
    old, new = around.old(operation.model_name), around.new(operation.model_name)
    if old is None or new is None:
        return
    old_field, new_field = old.fields[operation.old_name], new.fields[operation.new_name]
    tables = [
        many_to_many_table(old, operation.old_name, old_field),
        many_to_many_table(new, operation.new_name, new_field),
    ]
    if all(tables) and tables[0] != tables[1]:
        yield changes.TableRenamed(tables[0], tables[1], many_to_many=True)
        return
    before = around.schema.column(around.before, old, operation.old_name, old_field)
    after = around.schema.column(around.after, new, operation.new_name, new_field)
    if before is not None and after is not None and before.name != after.name:
        yield changes.ColumnRenamed(before.table, before.name, after.name)


def sides_changed(
    before: tuple[ModelState, Any], after: tuple[ModelState, Any], name: str, around: Surroundings
) -> Iterator[Change]:
    """The columns of a many-to-many table that point elsewhere; each of ``before`` and ``after`` is a model and its field."""
    table = many_to_many_table(after[0], name, after[1])
    olds, news = (
        _sides(around.schema, state, *those, table)
        for state, those in ((around.before, before), (around.after, after))
    )
    for old, new in zip(olds, news, strict=True):
        yield from altered(old, new, around.schema)


def _sides(
    schema: Schema, state: ProjectState, model: ModelState, field: Any, table: str
) -> list[Column]:
    columns = (
        schema.column(state, model, name, one) for name, one in through_fields(model, field).items()
    )
    return [dataclasses.replace(column, table=table) for column in columns if column is not None]


def altered(
    before: Column | None, after: Column | None, schema: Schema, *, renamed: bool = False
) -> Iterator[Change]:
    """What becomes of a column that was altered; ``renamed`` says that the table it refers to was."""
    if before is None or after is None:
        return
    if before.name != after.name:
        yield changes.ColumnRenamed(after.table, before.name, after.name)
    touched = writer_class(schema.connection.vendor).is_touched(before, after)
    if _differs(before, after) or (touched and (renamed or _differs_for_django(before, after))):
        yield changes.ColumnAltered(
            after.table, dataclasses.replace(before, table=after.table), after
        )


def _differs_for_django(before: Column, after: Column) -> bool:
    """Whether Django alters the column, also for what no database sees, such as a default in Python."""
    definitions = []
    for column in (before, after):
        _, path, arguments, options = column.field.deconstruct()
        ignored = {*column.field.non_db_attrs, "to", "db_default"}  # compared as columns
        kept = {key: value for key, value in options.items() if key not in ignored}
        definitions.append((path, arguments, kept))
    return bool(definitions[0] != definitions[1])


def _differs(before: Column, after: Column) -> bool:
    """Whether the database sees a difference besides the name, which is also in the condition of a CHECK."""
    if bool(before.check) != bool(after.check) or _default_differs(before, after):
        return True
    if before.check.replace(before.name, "") != after.check.replace(after.name, ""):
        return True
    if _comment(before) != _comment(after):
        return True
    if not (before.type and after.type) and before.declared_type != after.declared_type:
        return True
    same = dataclasses.replace(
        before, table=after.table, name=after.name, field_name=after.field_name, check=after.check
    )
    return same != after


def _default_differs(before: Column, after: Column) -> bool:
    return bool(
        before.has_db_default != after.has_db_default or before.db_default != after.db_default
    )


def _comment(column: Column) -> str:
    return getattr(column.field, "db_comment", None) or ""
