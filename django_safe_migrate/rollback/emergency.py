"""
The way back that ``--force`` takes when something of it cannot be undone: it steps over that, and every step over is told and written down.

Stepped over are operations without a reverse, migrations whose file is gone, half-done migrations of which nobody knows how far they came, and
the backup where none can be made. What they did to the database stays; their records go.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate import events
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.targets import Key, Planned, plan_without
from django_safe_migrate.pipeline import Request, Stage
from django_safe_migrate.repair.half_done import Found, carry_out_half_done
from django_safe_migrate.repair.problem import GHOSTS, REVERT, Session, Ways
from django_safe_migrate.repair.recording import recorded
from django_safe_migrate.repair.resuming import RULE, carry_on
from django_safe_migrate.rollback.left_in_place import Skipped, stepping_over
from django_safe_migrate.rollback.obstacles import Obstacles, missing_backup
from django_safe_migrate.rollback.planning import Wanted, plan_past_ghosts
from django_safe_migrate.run import Run, RunOptions, StageResult
from django_safe_migrate.stages.backup import backup
from django_safe_migrate.stages.execute import execute
from django_safe_migrate.stages.preflight import preflight
from django_safe_migrate.stages.verify import verify

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database, RunLock

#: What verification finds of things that were left on purpose.
_LEFT = frozenset({"leftover_table", "leftover_column"})
#: Shown everything that is skipped; raises ``UnsafePlan`` when that is not agreed to.
Confirm = Callable[[Sequence[str]], None]


@dataclasses.dataclass(frozen=True, slots=True)
class ForcedPlan:
    """
    A way back past everything.

    ``planned`` has operations that do nothing in place of those without a reverse; ``ghosts`` are records without a file that go,
    ``finishing`` the labels of migrations whose way back was begun and is proven, ``reverting`` the half-done ones that are undone first.
    """

    planned: Planned
    ghosts: tuple[Key, ...]
    finishing: tuple[str, ...]
    reverting: tuple[Found, ...]
    skipped: tuple[Skipped, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that is skipped, one sentence each."""
        return tuple(one.words for one in self.skipped)

    def __bool__(self) -> bool:
        return bool(self.planned.plan or self.ghosts or self.finishing or self.reverting)


def force(
    executor: SafeMigrationExecutor, wanted: Wanted, options: RunOptions, database: Database
) -> ForcedPlan:
    """
    Return the way back past everything that is in it; nothing is touched.

    Raises:
        CommandError: the run, app or migration is not known.
    """
    planned, ghosts = plan_past_ghosts(executor, wanted)
    obstacles = Obstacles(database, options, wanted, planned)
    plan, skipped = [], []
    for migration, backwards in planned.plan:
        label = f"{migration.app_label}.{migration.name}"
        passable, left = stepping_over(migration, everything=label in obstacles.stuck)
        plan.append((passable, backwards))
        skipped += left
    skipped += obstacles.skipped
    skipped += [obstacles.ghost(key) for key in ghosts]
    skipped += missing_backup(options, database)
    return ForcedPlan(
        Planned(planned.targets, plan),
        ghosts,
        obstacles.finishing,
        obstacles.reverting,
        tuple(skipped),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Emergency:
    """Carries out a forced way back: ``amend`` puts it into the request of a rollback."""

    wanted: Wanted
    confirm: Confirm

    def amend(self, request: Request) -> Request:
        """Return the request with everything that is in the way dealt with first, under the run lock."""
        return dataclasses.replace(request, first=self._first)

    def _first(self, request: Request, database: Database, lock: RunLock) -> Request:
        executor = SafeMigrationExecutor(database.connection)
        forced = force(executor, self.wanted, request.options, database)
        if forced.skipped:
            self.confirm(forced.words)
        without_backup = any(missing_backup(request.options, database))
        options = dataclasses.replace(
            request.options,
            allow=request.options.allow | {RULE},
            backup="never" if without_backup else request.options.backup,
        )
        ways = Ways(
            database=options.database,
            actions=frozenset({REVERT}),
            backup=options.backup,
            lock_timeout=options.lock_timeout,
            statement_timeout=options.statement_timeout,
        )
        session = Session(ways, database, lock, request.surroundings, request.listener)
        strict = dataclasses.replace(options, allow=options.allow - {RULE})
        applied = tuple(sorted(".".join(key) for key in executor.loader.applied_migrations))
        begun = dataclasses.replace(
            request,
            options=strict,
            notices=(*request.notices, *forced.words),
            applied_before=applied,
        )
        dealt_with = _dealt_with(forced, session, begun)
        if forced.ghosts and not _left(forced):
            _forget_alone(session, forced)
        return dataclasses.replace(
            dealt_with,
            options=options,
            planner=lambda fresh: _rest(fresh, forced),
            stages=_stages(forced),
        )


def _dealt_with(forced: ForcedPlan, session: Session, request: Request) -> Request:
    """Finish what was being undone and undo what is half done; return the request for the rest, with a sentence on each and its backup."""
    for label in forced.finishing:
        request = carry_on(label, session, request, forced.planned)
    for found in forced.reverting:
        run = carry_out_half_done(session, found, forwards=False, command=request)
        notice = (
            f"{found.half.migration}, which run {found.half.run_id[:8]} had left half done, "
            f"was undone first, by run {run.record.id[:8]}."
        )
        request = dataclasses.replace(
            request, notices=(*request.notices, notice), backup=run.record.backup
        )
    return request


def _left(forced: ForcedPlan) -> list[Key]:
    keys = [(one.app_label, one.name) for one, _ in forced.planned.plan]
    return [key for key in keys if ".".join(key) not in forced.finishing]


def _rest(executor: SafeMigrationExecutor, forced: ForcedPlan) -> Planned:
    """The plan for what is left, with the operations that are stepped over as they were shown."""
    passable = {(one.app_label, one.name): one for one, _ in forced.planned.plan}
    fresh = plan_without(executor, _left(forced))
    plan = [
        (passable.get((one.app_label, one.name), one), backwards) for one, backwards in fresh.plan
    ]
    return Planned(fresh.targets, plan)


def _stages(forced: ForcedPlan) -> tuple[tuple[str, Stage], ...]:
    return (
        ("preflight", preflight),
        ("backup", _backup_if_possible),
        ("execute", lambda run: _execute(run, forced)),
        ("verify", lambda run: _verify(run, forced)),
    )


def _backup_if_possible(run: Run) -> StageResult:
    try:
        return backup(run)
    except BackupFailed as error:
        told = Skipped("backup", "none could be made", error.message.rstrip("."))
        run.emit(events.NOTICE, message=told.words)
        return StageResult("skipped", detail={"reason": told.words})


def _execute(run: Run, forced: ForcedPlan) -> StageResult:
    result = execute(run)
    if result.error is None:
        for key in forced.ghosts:
            MigrationRecorder(run.database.connection).record_unapplied(*key)
            run.emit(events.NOTICE, message=_forgotten(key))
    return result


def _verify(run: Run, forced: ForcedPlan) -> StageResult:
    """What was left in place on purpose is no failure; anything else is."""
    result = verify(run)
    if result.error is None or not forced.skipped:
        return result
    findings = tuple(
        dataclasses.replace(one, allowed=one.allowed or one.rule in _LEFT)
        for one in result.findings
    )
    if any(one.is_blocking for one in findings):
        return result
    return StageResult("passed", findings, result.detail)


def _forget_alone(session: Session, forced: ForcedPlan) -> None:
    """Delete records where no file is left to be undone: a repair, since there is no plan."""
    with recorded(session, GHOSTS) as done:
        for words in forced.words:
            done(words)
        for key in forced.ghosts:
            MigrationRecorder(session.database.connection).record_unapplied(*key)
            done(_forgotten(key))


def _forgotten(key: Key) -> str:
    return f"The record of {'.'.join(key)}, which has no file, was deleted."
