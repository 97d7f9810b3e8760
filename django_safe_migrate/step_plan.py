"""The steps of a plan as the record shows them from the start: with what going back could not bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.analysis.rollback import outlook
from django_safe_migrate.record import StepRecord

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.plan import Plan


def step_records(plan: Plan, state: ProjectState) -> list[StepRecord]:
    """
    Return one record for each step, in the plan's order.

    Args:
        plan: the plan.
        state: the project's state before the plan; not changed.
    """
    walked = state.clone()
    records = []
    for step in plan.steps:
        prospects = outlook(step, walked)
        records.append(
            StepRecord(
                step.app_label,
                step.name,
                step.direction,
                irreversible=list(prospects.irreversible),
                lossy=[loss.description for loss in prospects.lossy],
                atomic=bool(step.migration.atomic),
            )
        )
        if not step.backwards:
            step.migration.mutate_state(walked, preserve=False)
    return records
