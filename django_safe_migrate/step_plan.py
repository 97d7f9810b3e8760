"""The steps of a plan as the record shows them from the start: with what going back could not bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.analysis.rollback import outlooks
from django_safe_migrate.migration_source import digest
from django_safe_migrate.record import StepRecord

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.plan import Plan


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
