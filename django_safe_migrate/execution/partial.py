"""Undoing the operations that a failed migration left behind where its transaction could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.exceptions import MigrationFailed
from django_safe_migrate.execution.observer import DEFERRED

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.databases import Database
    from django_safe_migrate.execution.executor import SafeMigrationExecutor, StepFailed


def revert_partial(
    executor: SafeMigrationExecutor, failure: StepFailed, database: Database
) -> None:
    """
    Undo the finished operations of a half-done step, last first.

    Raises:
        MigrationFailed: an operation cannot be undone, or the one that failed had done part of its work: which part is not known
            well enough to undo it.
    """
    _ensure_revertible(failure)
    states = _states(executor, failure)
    migration = failure.migration
    places = [place for place in failure.completed if place != DEFERRED]
    with database.connection.schema_editor(atomic=False) as editor:
        for place in reversed(places):
            operation = migration.operations[place]
            before, after = states[place], states[place + 1]
            if failure.backwards:
                operation.database_forwards(migration.app_label, editor, before, after)
            else:
                operation.database_backwards(migration.app_label, editor, after, before)


def _ensure_revertible(failure: StepFailed) -> None:
    operations = failure.migration.operations
    if failure.statements_before_failure and failure.operation is not None:
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
    states = [executor.state_before(migration)]
    for operation in migration.operations:
        after = states[-1].clone()
        operation.state_forwards(migration.app_label, after)
        states.append(after)
    return states
