"""Half-done migrations: how far each has come, and how it is finished or undone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate import journal
from django_safe_migrate.databases.schema_changes import schema_changes
from django_safe_migrate.exceptions import LockNotAcquired, UnsafePlan
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.targets import Planned
from django_safe_migrate.history import History
from django_safe_migrate.pipeline import Request, Stage, carry_out_plan
from django_safe_migrate.plan import freeze
from django_safe_migrate.record import CRASHED
from django_safe_migrate.repair.carrying_on import CarryOn
from django_safe_migrate.repair.course import Course, chart
from django_safe_migrate.repair.position import (
    NOTHING_KNOWN,
    Position,
    from_journal,
    locate,
)
from django_safe_migrate.repair.present import Present
from django_safe_migrate.repair.problem import (
    RESUME,
    REVERT,
    Problem,
    Session,
    Ways,
    on_database,
)
from django_safe_migrate.run import REPAIR, Run, RunOptions
from django_safe_migrate.sql.states import state_of
from django_safe_migrate.stages.backup import backup
from django_safe_migrate.stages.verify import verify
from django_safe_migrate.status import half_done_work
from django_safe_migrate.status.collecting import LOOK_BACK
from django_safe_migrate.status.half_done import is_in_doubt
from django_safe_migrate.status.runs import lock_status, read_runs

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.status.contents import HalfDone
    from django_safe_migrate.status.migrations import Migrations


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A half-done migration with its course; ``course`` is None when its file is gone."""

    half: HalfDone
    course: Course | None
    position: Position


def ensure_quiet(database: Database) -> None:
    """
    Raise ``LockNotAcquired`` while somebody changes the schema and a run has left a step in doubt.

    A server goes on with a statement whose client was killed. What the catalogue shows then is not what it will show, and reading it may
    have to wait for that statement.
    """
    changes = schema_changes(database)
    if not changes:
        return
    records = read_runs(History(), database.alias, lock_status(database), LOOK_BACK)
    if is_in_doubt(records, database):
        raise LockNotAcquired(
            f"Session {changes[0].session} of the server is still executing: {changes[0].sql[:200]} "
            "A run has left a migration in doubt, and how far it came can be told only when that has ended.",
            next_command=f"migrate_status{on_database(database.alias)}   (once it has ended: the same command again)",
        )


def find_half_done(database: Database, migrations: Migrations, ways: Ways) -> list[Found]:
    """
    Return the half-done migrations, each with the position in which it stands.

    Raises:
        LockNotAcquired: the server still executes what changes the schema.
    """
    ensure_quiet(database)
    work = half_done_work(database)
    if not work:
        return []
    if len(work) > 1 and ways.assumed != NOTHING_KNOWN:
        raise UnsafePlan(
            f"--assume-done and --assume-not-done name operations of one migration, and {len(work)} are half done.",
            next_command=f"migrate_repair --dry-run{on_database(ways.database)}",
        )
    present = Present(database)
    return [_found(half, database, migrations, present, ways) for half in work]


def _found(
    half: HalfDone, database: Database, migrations: Migrations, present: Present, ways: Ways
) -> Found:
    app_label, _, name = half.migration.partition(".")
    migration = migrations.files.get((app_label, name))
    if migration is None or not migrations.has_graph:
        return Found(half, None, Position(reason="its file, or one that it depends on, is gone"))
    if (app_label, name) not in migrations.loader.graph.nodes:
        return Found(half, None, Position(reason="a squashed migration stands for it"))
    applied = set(migrations.loader.applied_migrations) - {(app_label, name)}
    course = chart(migration, state_of(migrations.loader, applied), database, present)
    known = from_journal(half, course, complete=_is_complete(half))
    return Found(half, course, locate(course, present, database, known, ways.assumed))


def _is_complete(half: HalfDone) -> bool:
    """Whether every operation that began was noted: the journal is here, or the run ended by itself."""
    return half.run_status != CRASHED or any(
        file.run_id == half.run_id for file in journal.journals()
    )


def half_done_problems(found: list[Found], ways: Ways) -> Iterator[Problem]:
    """Yield what is to be done with each: finished, unless it was asked to be undone; the newest is undone first."""
    reverting = REVERT in ways.actions
    for one in found if reverting else reversed(found):
        yield _problem(one, ways, reverting=reverting)


def _problem(found: Found, ways: Ways, *, reverting: bool) -> Problem:
    action = REVERT if reverting else RESUME
    half, course, position = found.half, found.course, found.position
    # To finish a run backwards is to undo the migration.
    forwards = (half.direction == "forwards") is not reverting
    found_words = told(found)
    blocked = position.reason
    if course is not None and not forwards:
        blocked = blocked or irreversible(course, position)
    if course is None or blocked:
        return Problem(
            action=action,
            subject=half.migration,
            found=found_words,
            remedy=_no_remedy(blocked, position),
            next_command=_way_out(found, ways),
        )
    return Problem(
        action=action,
        subject=half.migration,
        found=found_words,
        remedy=remedy(course, position, forwards=forwards),
        repair=lambda session: _carry_out(session, found, forwards),
    )


def told(found: Found) -> str:
    """Say in one sentence how a migration was left."""
    half, course, position = found.half, found.course, found.position
    run = f"Run {half.run_id[:8]} left it half done ({half.direction})"
    if course is None or not position.is_known:
        return f"{run}."
    part = " and part of the next one" if position.inside else ""
    return f"{run}: {position.point} of its {course.length} operations{part} are in the database."


def remedy(course: Course, position: Position, *, forwards: bool) -> str:
    """Say what would be done from a position that is known."""
    record = f"record it as {'applied' if forwards else 'unapplied'}"
    begin = position.point + position.inside
    places = range(begin, course.length) if forwards else reversed(range(begin))
    named = [f"{place + 1} ({course.moves[place].operation.describe()})" for place in places]
    completed = f"Complete operation {position.point + 1}, then" if position.inside else ""
    verb = "carry out" if forwards else "undo"
    work = (
        f"{verb} operation{'' if len(named) == 1 else 's'} {', '.join(named)}, and "
        if named
        else ""
    )
    text = f"{completed} {work}{record}.".strip()
    return text[:1].upper() + text[1:]


def irreversible(course: Course, position: Position) -> str:
    """Name the operation that is in the database and cannot be undone; empty when there is none."""
    for place in range(position.point + position.inside):
        operation = course.moves[place].operation
        if not operation.reversible:
            return f"operation {place + 1} ({operation.describe()}) is not reversible"
    return ""


def why_not_undone(found: Found) -> str:
    """Return why a half-done migration cannot be brought back to where its run began; empty when it can."""
    course, position = found.course, found.position
    if course is None or position.reason:
        return position.reason
    return irreversible(course, position) if found.half.direction == "forwards" else ""


def _no_remedy(reason: str, position: Position) -> str:
    if not position.unclear:
        return f"Nothing by itself: {reason}."
    number = position.unclear[0] + 1
    more = f", and so on for {len(position.unclear) - 1} more" if len(position.unclear) > 1 else ""
    return f"Needs your word: {reason}. Look, then add --assume-done {number} or --assume-not-done {number}{more}."


def _way_out(found: Found, ways: Ways) -> str:
    if found.position.unclear:
        number = found.position.unclear[0] + 1
        return f"migrate_repair --resume --assume-done {number}{on_database(ways.database)}   (or --assume-not-done {number})"
    restore = (
        one.command
        for one in found.half.next_commands
        if one.command.startswith("migrate_rollback")
    )
    return next(restore, f"migrate_status{on_database(ways.database)}")


def _carry_out(session: Session, found: Found, forwards: bool) -> None:
    carry_out_half_done(session, found, forwards=forwards)


def carry_out_half_done(
    session: Session,
    found: Found,
    *,
    forwards: bool,
    notice: str = "",
    command: Request | None = None,
) -> Run:
    """
    Bring a half-done migration, whose position is known, to one of its ends; return the run that did it, with a notice in its record.

    ``command`` is the request of which this is the first part: its backup serves here, and what it does on failure is done here.
    """
    half, course = found.half, found.course
    assert course is not None  # noqa: S101 - the caller made sure
    migration = course.migration
    planned = Planned(((migration.app_label, migration.name),), [(migration, not forwards)])
    undone = (half.direction == "forwards") is not forwards
    stages: tuple[tuple[str, Stage], ...] = (
        ("backup", backup),
        ("execute", CarryOn(course, found.position, forwards)),
        ("verify", verify),
    )
    rollback_of = half.run_id if undone else ""
    notices = (notice,) if notice else ()
    return carry_out_migration(
        session, planned, stages, rollback_of=rollback_of, notices=notices, command=command
    )


def carry_out_migration(
    session: Session,
    planned: Planned,
    stages: tuple[tuple[str, Stage], ...],
    *,
    rollback_of: str = "",
    fake: bool = False,
    notices: tuple[str, ...] = (),
    command: Request | None = None,
) -> Run:
    """Carry out a plan of one migration as a run of kind repair, under the run lock that the session holds; return the run."""
    ways, database = session.ways, session.database
    options = RunOptions(
        database=ways.database,
        kind=REPAIR,
        fake=fake,
        backup=ways.backup,
        on_failure=command.options.on_failure if command else "stop",
        lock_timeout=ways.lock_timeout,
        statement_timeout=ways.statement_timeout,
        rollback_of=rollback_of,
    )
    request = Request(
        options=options,
        planner=lambda executor: planned,
        surroundings=session.surroundings,
        listener=session.listener,
        waiting=lambda holder: None,
        ask=lambda run, findings: True,
        stages=stages,
        notices=notices,
    )
    if command is not None:
        shared = ("on_failure", "backup", "applied_before")
        request = dataclasses.replace(request, **{name: getattr(command, name) for name in shared})
    executor = SafeMigrationExecutor(database.connection)
    plan = freeze(database.alias, planned.targets, planned.plan)
    return carry_out_plan(request, database, executor, plan, session.lock)
