"""Undoing the operations that a failed migration left behind where its transaction could not."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

from django.db import transaction

from django_safe_migrate.exceptions import LockNotAcquired, MigrationFailed
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.keeping import Undertaking
from django_safe_migrate.execution.observer import DEFERRED
from django_safe_migrate.execution.patience import Patience
from django_safe_migrate.execution.stop import Stop

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.databases import Database
    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.execution.step_failed import StepFailed


def revert_partial(
    executor: SafeMigrationExecutor, failure: StepFailed, database: Database
) -> None:
    """
    Undo the finished operations of a half-done step, last first, with the timeouts and the patience of the run.

    Whether the run lock is still held is asked before each operation, and before its transaction is committed.

    Raises:
        LockNotAcquired: it was lost; what was undone so far stays undone.
        MigrationFailed: an operation cannot be undone, or the one that failed had done part of its work: which part is not known
            well enough to undo it.
    """
    _ensure_revertible(failure)
    states = _states(executor, failure)
    # What stopped the plan is no reason to stop the way back.
    conduct = dataclasses.replace(failure.conduct, stop=Stop())
    limits = conduct.limits(failure.migration)
    key = (failure.migration.app_label, failure.migration.name)
    with (
        database.timeouts(limits.lock, limits.statement),
        database.connection.execute_wrapper(Patience(conduct, conduct.indexes[key])),
        database.connection.schema_editor(atomic=False) as editor,
    ):
        for place in reversed(failure.completed):
            _revert(failure, editor, place, states[place], states[place + 1])


def _revert(
    failure: StepFailed,
    editor: BaseDatabaseSchemaEditor,
    place: int,
    before: ProjectState,
    after: ProjectState,
) -> None:
    migration = failure.migration
    operation = migration.operations[place]
    failure.conduct.before_step()
    try:
        with _transaction_of(failure, operation):
            _carry_out(
                failure,
                Undertaking(
                    migration, place, operation, not failure.backwards, editor, before, after
                ),
            )
            failure.conduct.ensure_held()
    except LockNotAcquired:
        raise
    except Exception as error:
        raise MigrationFailed(
            f"{failure.label} is half done, and undoing its operation {place + 1} ({operation.describe()}) failed: {describe(error)}"
        ) from error


def _carry_out(failure: StepFailed, undoing: Undertaking) -> None:
    """Undo one operation, keep what that destroys, and put back what was kept when it was carried out."""
    operation, app_label = undoing.operation, undoing.migration.app_label
    before, after, editor = undoing.before, undoing.after, undoing.editor

    def undo() -> None:
        if undoing.backwards:
            operation.database_backwards(app_label, editor, after, before)
        else:
            operation.database_forwards(app_label, editor, before, after)

    keeping = failure.conduct.keeping
    keeping.keep(undoing)
    keeping.carry_out(undoing, undo)
    keeping.put_back(undoing)


def _transaction_of(failure: StepFailed, operation: Any) -> contextlib.AbstractContextManager[Any]:
    """The transaction that Django gives to an operation outside of a migration's own (``Migration.apply``)."""
    if operation.atomic or (failure.migration.atomic and operation.atomic is not False):
        return transaction.atomic(failure.conduct.database.alias)
    return contextlib.nullcontext()


def _ensure_revertible(failure: StepFailed) -> None:
    operations = failure.migration.operations
    if failure.failed_half_way:
        raise MigrationFailed(
            f"{failure.label} is half done and cannot be undone step by step: "
            f"{failure.operation_description} had carried out part of its statements."
        )
    for place in failure.completed:
        if place == DEFERRED or (not failure.backwards and not operations[place].reversible):
            what = "its deferred SQL" if place == DEFERRED else operations[place].describe()
            raise MigrationFailed(
                f"{failure.label} is half done and cannot be undone: {what} is not reversible."
            )


def _states(executor: SafeMigrationExecutor, failure: StepFailed) -> list[ProjectState]:
    """The states before the first operation, between each two, and after the last."""
    migration = failure.migration
    states = [executor.state_before(migration, backwards=failure.backwards)]
    for operation in migration.operations:
        after = states[-1].clone()
        operation.state_forwards(migration.app_label, after)
        states.append(after)
    return states
