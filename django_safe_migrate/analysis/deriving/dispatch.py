"""
The handler of each class of operation, found by ``functools.singledispatch``, so that a subclass is what its parent is.

A handler describes the forward direction only.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.migrations.operations.base import Operation

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.schema import Schema

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState, ProjectState


@dataclasses.dataclass(frozen=True, slots=True)
class Surroundings:
    """What an operation is applied to, forwards: the states before and after it."""

    app_label: str
    before: ProjectState
    after: ProjectState
    schema: Schema

    def reversed(self) -> Surroundings:
        """The same for an operation that undoes this one."""
        return dataclasses.replace(self, before=self.after, after=self.before)

    def old(self, name: str) -> ModelState | None:
        """The model before, when migrations manage its table."""
        return self.schema.model(self.before, self.app_label, name)

    def new(self, name: str) -> ModelState | None:
        """The model afterwards, when migrations manage its table."""
        return self.schema.model(self.after, self.app_label, name)

    def columns(self, model: ModelState, names: Any) -> tuple[str, ...]:
        """The columns of these fields of a model."""
        return tuple(self.schema.column_name(model, name) for name in names)


def is_concurrent(operation: Operation) -> bool:
    """Whether it is ``AddIndexConcurrently`` or ``RemoveIndexConcurrently``."""
    return is_postgresql_operation(operation, "NotInTransactionMixin")


def is_postgresql_operation(operation: Operation, name: str) -> bool:
    """Whether it is this class of ``django.contrib.postgres.operations``."""
    # The module needs psycopg: it is loaded exactly when a migration uses it.
    module = sys.modules.get("django.contrib.postgres.operations")
    return module is not None and isinstance(operation, getattr(module, name))


@functools.singledispatch
def derived(operation: Operation, around: Surroundings) -> Iterator[Change]:
    """The changes that an operation makes going forwards; for classes without a handler, that we do not know them."""
    for name, handler in POSTGRESQL.items():
        if is_postgresql_operation(operation, name):
            yield from handler(operation, around)
            return
    yield changes.Unrecognised("", operation)


Handler = Callable[[Any, Surroundings], Iterator[Change]]

#: Handlers of operations of ``django.contrib.postgres``, by the name of their class: importing them needs a driver.
POSTGRESQL: dict[str, Handler] = {}


@derived.register(operations.AlterConstraint)
@derived.register(operations.AlterModelOptions)
@derived.register(operations.AlterModelManagers)
@derived.register(operations.SeparateDatabaseAndState)
def _no_change(operation: Operation, around: Surroundings) -> Iterator[Change]:
    # Nothing that reaches the database; the parts of a Separate... are walked one by one.
    return iter(())
