"""Whether a run makes a backup first, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.analysis.destruction import destroys_data

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.databases import Database
    from django_safe_migrate.plan import Plan
    from django_safe_migrate.run import RunOptions


def decide(
    options: RunOptions, database: Database, plan: Plan, state: ProjectState
) -> tuple[bool, str]:
    """
    Return whether a backup is made, and the reason in one sentence.

    ``state`` is the project's state without any migration of the plan, in both directions.
    """
    if options.backup == "never":
        return False, "No backup: switched off."
    if options.fake:
        return False, "No backup: --fake only records migrations."
    if not database.tables():
        return False, "No backup: the database is empty."
    if options.backup == "always":
        return True, "Backup before every run."
    reasons = destroys_data(plan, state)
    if reasons:
        return True, f"Backup because the plan can lose data: {'; '.join(reasons[:5])}."
    return False, "No backup: the plan cannot lose data."
