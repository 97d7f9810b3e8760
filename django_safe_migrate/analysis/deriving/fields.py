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
    before = around.schema.column(around.before, old, operation.name, old.fields[operation.name])
    after = around.schema.column(around.after, new, operation.name, operation.field)
    yield from _column_changed(before, after)


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
        yield changes.TableRenamed(tables[0], tables[1])
        return
    before = around.schema.column(around.before, old, operation.old_name, old_field)
    after = around.schema.column(around.after, new, operation.new_name, new_field)
    if before is not None and after is not None and before.name != after.name:
        yield changes.ColumnRenamed(before.table, before.name, after.name)


def _column_changed(before: Column | None, after: Column | None) -> Iterator[Change]:
    if before is None or after is None:
        return
    if before.name != after.name:
        yield changes.ColumnRenamed(before.table, before.name, after.name)
    if _differs(before, after):
        yield changes.ColumnAltered(before.table, before, after)


def _differs(before: Column, after: Column) -> bool:
    """Whether the database sees a difference besides the name, which is also in the condition of a CHECK."""
    if bool(before.check) != bool(after.check) or _default_differs(before, after):
        return True
    if not (before.type and after.type) and before.declared_type != after.declared_type:
        return True
    return dataclasses.replace(before, name=after.name, check=after.check) != after


def _default_differs(before: Column, after: Column) -> bool:
    return bool(
        before.has_db_default != after.has_db_default or before.db_default != after.db_default
    )
