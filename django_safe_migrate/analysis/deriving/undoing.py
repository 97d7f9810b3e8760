"""Operations that Django undoes by doing the like with the states exchanged."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from django.db.migrations import operations
from django.db.migrations.operations.base import Operation

if TYPE_CHECKING:
    from django_safe_migrate.analysis.deriving.dispatch import Surroundings


@functools.singledispatch
def undoing(operation: Operation, around: Surroundings) -> Operation | None:
    """Return the operation that does what undoing this one does, None when it is undone change by change."""
    return None


@undoing.register(operations.AlterField)
def _alter_field(operation: operations.AlterField, around: Surroundings) -> Operation | None:
    old = around.old(operation.model_name)
    if old is None or operation.name not in old.fields:
        return None
    return operations.AlterField(operation.model_name, operation.name, old.fields[operation.name])


@undoing.register(operations.RenameField)
def _rename_field(operation: operations.RenameField, around: Surroundings) -> Operation | None:
    return operations.RenameField(operation.model_name, operation.new_name, operation.old_name)


@undoing.register(operations.RenameModel)
def _rename_model(operation: operations.RenameModel, around: Surroundings) -> Operation | None:
    return operations.RenameModel(operation.new_name, operation.old_name)
