"""What to unapply: the last steps, everything since a run began, or down to a migration."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from django.core.management.base import CommandError

from django_safe_migrate.execution.targets import (
    Key,
    Planned,
    check_app_label,
    last_applied,
    plan_between,
    plan_for,
    plan_without,
    resolve,
)
from django_safe_migrate.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_safe_migrate.execution.executor import SafeMigrationExecutor


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Exactly one of: a number of steps, a run's id or its first letters, an app and a migration name."""

    steps: int | None = None
    run: str | None = None
    to: Sequence[str] | None = None


def plan_rollback(executor: SafeMigrationExecutor, wanted: Wanted) -> Planned:
    """
    Return the plan that goes back as wanted; it is empty when there is nothing to undo.

    Raises:
        CommandError: the run, app or migration is not known, or going back would need both directions.
    """
    if wanted.steps is not None:
        return _last_steps(executor, wanted.steps)
    if wanted.run is not None:
        return _before_run(executor, wanted.run)
    if wanted.to is None:
        raise CommandError("Say what to go back to: --steps, --run, --to or --restore.")
    return _down_to(executor, *wanted.to)


def _last_steps(executor: SafeMigrationExecutor, count: int) -> Planned:
    if count < 1:
        raise CommandError(f"--steps is {count}; it must be at least 1.")
    return plan_without(executor, last_applied(executor, count))


def _before_run(executor: SafeMigrationExecutor, run_id: str) -> Planned:
    record = History().find(run_id, database=executor.connection.alias)
    if record is None:
        raise CommandError(
            f"There is no run {run_id!r} on database {executor.connection.alias!r}. See: migrate_status --history"
        )
    wanted = {_key(label) for label in record.applied_before}
    plans = plan_between(executor, wanted)
    if len(plans) > 1:
        raise CommandError(
            f"Before run {record.id} other migrations were applied and others were not: going back there needs both directions. "
            f"First run: migrate_rollback --to APP MIGRATION; then: safemigrate. {_describe(plans)}"
        )
    if plans and not plans[0].plan[0][1]:
        redone = ", ".join(str(migration) for migration, _ in plans[0].plan)
        raise CommandError(
            f"Everything that run {record.id} added is undone already, and what was applied before it is not: {redone}. "
            "To apply it, run: safemigrate"
        )
    return plans[0] if plans else Planned((), [])


def _describe(plans: list[Planned]) -> str:
    backwards, forwards = plans
    undone = ", ".join(str(migration) for migration, _ in backwards.plan)
    redone = ", ".join(str(migration) for migration, _ in forwards.plan)
    return f"To unapply: {undone}. To apply: {redone}."


def _down_to(executor: SafeMigrationExecutor, app_label: str, name: str) -> Planned:
    check_app_label(executor.loader, app_label)
    planned = plan_for(executor, resolve(executor.loader, app_label, name, run_syncdb=False))
    if any(not backwards for _, backwards in planned.plan):
        raise CommandError(
            f"{app_label} {name} is not applied, so going there is not going back. Run: safemigrate {app_label} {name}"
        )
    return planned


def _key(label: str) -> Key:
    app_label, _, name = label.partition(".")
    return app_label, name
