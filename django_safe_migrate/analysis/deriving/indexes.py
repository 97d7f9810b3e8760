"""What operations on indexes and constraints change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.deriving.dispatch import (
    Surroundings,
    derived,
    is_concurrent,
    is_postgresql_operation,
)
from django_safe_migrate.sql.tables import table_name

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState


@derived.register(operations.AddIndex)
def _add_index(operation: operations.AddIndex, around: Surroundings) -> Iterator[Change]:
    yield from _index(
        operation,
        around.new(operation.model_name),
        operation.index.name,
        around,
        changes.IndexAdded,
    )


@derived.register(operations.RemoveIndex)
def _remove_index(operation: operations.RemoveIndex, around: Surroundings) -> Iterator[Change]:
    yield from _index(
        operation, around.old(operation.model_name), operation.name, around, changes.IndexDropped
    )


def _index(
    operation: Any, model: Any, name: str, around: Surroundings, kind: Any
) -> Iterator[Change]:
    if model is None:
        return
    index = _named(model, "indexes", name)
    columns = around.columns(model, (field for field, _ in getattr(index, "fields_orders", ())))
    yield kind(table_name(model), name, columns, index, is_concurrent(operation))


@derived.register(operations.RenameIndex)
def _rename_index(operation: operations.RenameIndex, around: Surroundings) -> Iterator[Change]:
    model = around.new(operation.model_name)
    if model is None:
        return
    index = _named(model, "indexes", operation.new_name)
    columns = around.columns(model, (field for field, _ in getattr(index, "fields_orders", ())))
    # An index of index_together had a name that Django made up.
    old_name = operation.old_name or around.schema.index_name(table_name(model), columns)
    yield changes.IndexRenamed(table_name(model), old_name, operation.new_name, columns, index)


@derived.register(operations.AddConstraint)
def _add_constraint(operation: operations.AddConstraint, around: Surroundings) -> Iterator[Change]:
    model = around.new(operation.model_name)
    if model is not None:
        not_valid = is_postgresql_operation(operation, "AddConstraintNotValid")
        yield changes.ConstraintAdded(table_name(model), operation.constraint, not_valid)


@derived.register(operations.RemoveConstraint)
def _remove_constraint(
    operation: operations.RemoveConstraint, around: Surroundings
) -> Iterator[Change]:
    model = around.old(operation.model_name)
    if model is not None:
        constraint = _named(model, "constraints", operation.name)
        yield changes.ConstraintDropped(table_name(model), constraint)


def _named(model: ModelState, option: str, name: str) -> Any:
    return next((item for item in model.options.get(option) or () if item.name == name), None)
