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
from django_safe_migrate.status.contents import GHOST
from django_safe_migrate.status.migrations import per_app, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.record import RunRecord


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    Exactly one of: a number of steps, a run's id or its first letters, an app and a migration name.

    ``keys`` are the migrations that the steps were when they were counted; see ``counted``.
    """

    steps: int | None = None
    run: str | None = None
    to: Sequence[str] | None = None
    keys: tuple[Key, ...] | None = None


def counted(executor: SafeMigrationExecutor, wanted: Wanted, *, past_ghosts: bool) -> Wanted:
    """
    Return what is wanted with steps counted now: while a command waits for the run lock another may go back, and ours must not go on from there.

    Raises:
        CommandError: there are fewer than one step, or one of them has no file and ``past_ghosts`` is false.
    """
    if wanted.steps is None:
        return wanted
    if wanted.steps < 1:
        raise CommandError(f"--steps is {wanted.steps}; it must be at least 1.")
    ghosts = _ghosts(executor) if past_ghosts else set()
    gone = [key for key in _newest(executor)[: wanted.steps] if key in ghosts]
    last = last_applied(executor, wanted.steps - len(gone), without=ghosts)
    # With what depends on them, whenever that was recorded.
    planned = plan_without(executor, last)
    return Wanted(keys=(*gone, *((one.app_label, one.name) for one, _ in planned.plan)))


def plan_rollback(executor: SafeMigrationExecutor, wanted: Wanted) -> Planned:
    """
    Return the plan that goes back as wanted; it is empty when there is nothing to undo.

    Raises:
        CommandError: the run, app or migration is not known, or going back would need both directions.
    """
    if wanted.steps is not None:
        return plan_rollback(executor, counted(executor, wanted, past_ghosts=False))
    if wanted.keys is not None:
        return _without(executor, wanted.keys)
    if wanted.run is not None:
        return _before_run(executor, wanted.run)
    if wanted.to is None:
        raise CommandError("Say what to go back to: --steps, --run, --to or --restore.")
    return _down_to(executor, *wanted.to)


def plan_past_ghosts(
    executor: SafeMigrationExecutor, wanted: Wanted
) -> tuple[Planned, tuple[Key, ...]]:
    """
    Return the plan that goes back as wanted where files are missing, and the records without a file that go with it.

    Only backwards: what would have to be applied again is left to ``safemigrate``.

    Raises:
        CommandError: the run, app or migration is not known.
    """
    wanted = counted(executor, wanted, past_ghosts=True)
    ghosts = _ghosts(executor)
    if wanted.keys is not None:
        gone = tuple(key for key in wanted.keys if key in ghosts)
        return _without(executor, [key for key in wanted.keys if key not in ghosts]), gone
    if wanted.run is not None:
        before = {_key(label) for label in _record(executor, wanted.run).applied_before}
        files = {key for key in before if key in executor.loader.applied_migrations}
        plans = plan_between(executor, files | ghosts)
        backwards = [one for one in plans if one.plan and one.plan[0][1]]
        gone = tuple(key for key in _newest(executor) if key in ghosts - before)
        return (backwards[0] if backwards else Planned((), [])), gone
    planned = plan_rollback(executor, wanted)
    assert wanted.to is not None  # noqa: S101 - plan_rollback made sure
    return planned, tuple(_after(executor, ghosts, planned, *wanted.to))


def _ghosts(executor: SafeMigrationExecutor) -> set[Key]:
    """The records of installed apps whose file is gone."""
    apps = per_app(read(executor.connection), ())
    found = (one for app in apps if app.installed for one in app.in_state(GHOST))
    return {(one.app_label, one.name) for one in found}


def _newest(executor: SafeMigrationExecutor) -> list[Key]:
    """The records, newest first."""
    if not executor.recorder.has_table():
        return []
    return list(executor.recorder.migration_qs.order_by("-id").values_list("app", "name"))


def _after(
    executor: SafeMigrationExecutor, ghosts: set[Key], planned: Planned, app_label: str, name: str
) -> Iterator[Key]:
    """The ghosts of an app that were recorded after the migration it goes back to."""
    targets = {key for key in planned.targets if key[0] == app_label and key[1]}
    if name != "zero" and not targets:
        targets = set(resolve(executor.loader, app_label, name, run_syncdb=False))
    for key in _newest(executor):
        if key in targets:
            return
        if key in ghosts and key[0] == app_label:
            yield key


def _record(executor: SafeMigrationExecutor, run_id: str) -> RunRecord:
    record = History().find(run_id, database=executor.connection.alias)
    if record is None:
        raise CommandError(
            f"There is no run {run_id!r} on database {executor.connection.alias!r}. See: migrate_status --history"
        )
    return record


def _without(executor: SafeMigrationExecutor, keys: Sequence[Key]) -> Planned:
    planned = plan_without(executor, keys)
    unforeseen = [one for one, _ in planned.plan if (one.app_label, one.name) not in keys]
    if unforeseen:
        raise CommandError(
            f"Meanwhile {', '.join(map(str, unforeseen))} was applied, which depends on what is to be undone. Look again: "
            "migrate_rollback --dry-run ..."
        )
    return planned


def _before_run(executor: SafeMigrationExecutor, run_id: str) -> Planned:
    record = _record(executor, run_id)
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
