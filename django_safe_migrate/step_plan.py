"""The steps of a plan as the record shows them from the start: with what going back could not bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.analysis.rollback import outlooks
from django_safe_migrate.migration_source import digest
from django_safe_migrate.preservation.foreseeing import Foresight, foresee
from django_safe_migrate.record import StepRecord

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.plan import Plan
    from django_safe_migrate.run import RunOptions


def step_records(plan: Plan, state: ProjectState, *, can_rollback_ddl: bool) -> list[StepRecord]:
    """
    Return one record for each step, in the plan's order.

    Args:
        plan: the plan.
        state: the project's state without any migration of the plan, in both directions; not changed.
        can_rollback_ddl: whether the database undoes schema changes when a transaction is rolled back.
    """
    return [
        StepRecord(
            step.app_label,
            step.name,
            step.direction,
            irreversible=list(prospects.irreversible),
            lossy=[loss.description for loss in prospects.lossy],
            atomic=bool(step.migration.atomic) and can_rollback_ddl,
            source=digest(step.file),
        )
        for step, prospects in zip(plan.steps, outlooks(plan, state), strict=True)
    ]


def foreseen_steps(
    executor: SafeMigrationExecutor,
    plan: Plan,
    state: ProjectState,
    database: Database,
    settings: Settings,
    options: RunOptions,
) -> tuple[list[StepRecord], Foresight]:
    """Return the records of a plan's steps with what is kept counted in, and what becomes of data; nothing is at stake in a first install."""
    steps = step_records(plan, state, can_rollback_ddl=database.can_rollback_ddl)
    if options.fake or not executor.loader.applied_migrations:
        return steps, Foresight()
    foresight = foresee(plan, state, database, settings.preserve)
    return foresight.amended(steps), foresight
