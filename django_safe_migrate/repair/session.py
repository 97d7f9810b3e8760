"""Looking for everything that was asked for, and carrying out what was agreed to, under one run lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.closing import told_when_stopped
from django_safe_migrate.databases.broken_off import find_broken_off
from django_safe_migrate.databases.locks import UnlockedRunLock
from django_safe_migrate.exceptions import LockNotAcquired, SafeMigrateError, UnsafePlan
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.run_lock import ensure_held, hold
from django_safe_migrate.history import History
from django_safe_migrate.repair.broken_off import broken_off_problems
from django_safe_migrate.repair.dead_runs import find_dead_runs
from django_safe_migrate.repair.drift import Schema
from django_safe_migrate.repair.ghosts import find_ghosts
from django_safe_migrate.repair.half_done import find_half_done, half_done_problems
from django_safe_migrate.repair.indexes import find_invalid_indexes
from django_safe_migrate.repair.problem import (
    ACTIONS,
    BROKEN_OFF,
    GHOSTS,
    INVALID_INDEXES,
    RESET,
    RESUME,
    REVERT,
    RUNS,
    SCHEMA,
    SCRATCH,
    UNLOCK,
    Problem,
    Session,
    Ways,
    on_database,
)
from django_safe_migrate.repair.resetting import reset_problem
from django_safe_migrate.repair.schema import find_drift
from django_safe_migrate.repair.scratch import find_scratch
from django_safe_migrate.repair.unlocking import ensure_unlockable, lock_problem
from django_safe_migrate.status import migrations as files
from django_safe_migrate.status.contents import FREE, LockStatus
from django_safe_migrate.status.runs import lock_status

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database, RunLock
    from django_safe_migrate.execution.surroundings import Surroundings
    from django_safe_migrate.recorder import Listener


def diagnose(database: Database, ways: Ways, lock: RunLock | None = None) -> tuple[Problem, ...]:
    """
    Return what was found of what was asked for; nothing is changed.

    Args:
        database: to look at.
        ways: what was asked for.
        lock: the run lock, when the caller holds it.

    Raises:
        SafeMigrateError: something that was named cannot be done at all, such as to free the lock of a living process.
    """
    if UNLOCK in ways.actions and lock is None:
        ensure_unlockable(database)
    status = LockStatus(state=FREE) if lock is not None else lock_status(database)
    is_free = status.state == FREE or isinstance(database.run_lock(), UnlockedRunLock)
    found: list[Problem] = []
    if ways.wants(UNLOCK) and lock is None and (problem := lock_problem(database)):
        found.append(problem)
    if ways.wants(RUNS):
        found += find_dead_runs(database, is_free=is_free)
    if is_free:
        found += find_scratch(database) if ways.wants(SCRATCH) else ()
        found += _of_migrations(database, ways)
    elif not ways.actions <= {UNLOCK, RUNS} or not ways.actions:
        found.append(_under_way(database, ways, status))
    return tuple(sorted(found, key=lambda one: ACTIONS.index(one.action)))


def others(database: Database, ways: Ways) -> tuple[Problem, ...]:
    """Return what is wrong besides what named actions are about: somebody who mends one thing sees the rest."""
    if not ways.actions:
        return ()
    named = ways.actions | ({RESUME} if REVERT in ways.actions else set())
    everything = Ways(database=ways.database)
    found = diagnose(database, everything)
    return tuple(one for one in found if one.action not in named and not one.is_notice)


def _under_way(database: Database, ways: Ways, status: LockStatus) -> Problem:
    """Say that nothing else was looked at: what a run is doing at this moment is nothing to be repaired."""
    follow = f"migrate_status --watch{on_database(database.alias)}   (follows it to its end)"
    if ways.actions:
        raise LockNotAcquired(
            f"The run lock of database {database.alias!r} is {status.state}: {status.detail}. "
            "Nothing was looked at: what a run does at this moment is not to be repaired.",
            next_command=follow,
        )
    return Problem(
        action=RUNS,
        subject="run lock",
        found=f"It is {status.state}: {status.detail}.",
        remedy="Nothing, and nothing else was looked at: what a run does at this moment is not to be repaired.",
        next_command=follow,
    )


def _of_migrations(database: Database, ways: Ways) -> Iterator[Problem]:
    wanted = {action for action in ACTIONS if ways.wants(action)} - {UNLOCK, RUNS, SCRATCH}
    if not wanted:
        return
    migrations = files.read(database.connection)
    half_done = find_half_done(database, migrations, ways)
    if wanted & {RESUME, REVERT}:
        yield from half_done_problems(half_done, ways)
    if RESET in wanted and ways.reset and (problem := reset_problem(database, migrations, ways)):
        yield problem
    if GHOSTS in wanted:
        yield from find_ghosts(migrations)
    if not wanted & {BROKEN_OFF, INVALID_INDEXES, SCHEMA} or not migrations.has_graph:
        return
    schema = Schema(database, SafeMigrationExecutor(database.connection).current_state())
    broken_off = find_broken_off(database, lambda: schema.tables)
    if BROKEN_OFF in wanted:
        yield from broken_off_problems(broken_off, database)
    if INVALID_INDEXES in wanted:
        yield from find_invalid_indexes(database, schema.expected)
    if SCHEMA in wanted:
        busy = {table for one in half_done if one.course for table in one.course.tables}
        # Made anew from nothing, a table would stand in the way of the one that has its rows.
        busy |= {one.table for one in broken_off}
        yield from find_drift(database, schema, ways, without=busy)


def repair(
    database: Database,
    ways: Ways,
    agreed: Sequence[Problem],
    *,
    surroundings: Surroundings,
    listener: Listener,
    waiting: Callable[[str], None],
) -> tuple[Problem, ...]:
    """
    Carry out what was agreed to and is still so under the run lock; return what was repaired.

    Args:
        database: to be repaired.
        ways: what was asked for.
        agreed: the problems that were shown; others are left alone.
        surroundings: whom to send the signals of Django's ``migrate``.
        listener: prints what happens.
        waiting: is told who holds the run lock while we wait for it.

    Raises:
        SafeMigrateError: a repair failed, or a signal came (within ``stopping``); those before it are done, and the message says so.
    """
    done: list[Problem] = []
    again = f"migrate_repair{on_database(database.alias)}"
    # What is being repaired when a signal comes says so itself.
    with told_when_stopped(lambda: _so_far(done).strip(), again):
        for problem in [one for one in agreed if one.action == UNLOCK and one.repair]:
            free = Session(ways, database, database.run_lock(), surroundings, listener)
            _carry_out(problem, free, done)
        rest = [one for one in agreed if one.action != UNLOCK and one.repair]
        if rest:
            with hold(database, ways.run_lock_wait, waiting) as lock:
                session = Session(ways, database, lock, surroundings, listener)
                _carry_out_agreed(session, rest, done)
    return tuple(done)


def _carry_out_agreed(session: Session, agreed: list[Problem], done: list[Problem]) -> None:
    """Look again, now that nobody else can change anything, and do only what is as it was shown."""
    database = session.database
    now = diagnose(database, session.ways, session.lock)
    for problem in agreed:
        if problem not in now:
            raise UnsafePlan(
                f"{problem.subject} is not as it was shown: it changed before the run lock was had.{_so_far(done)}",
                changed="The database was not changed." if not done else "",
                next_command=f"migrate_repair{on_database(database.alias)}",
            )
    for problem in agreed:
        ensure_held(session.lock, database)
        current = next(one for one in now if one == problem)
        _carry_out(current, session, done)
    History().import_journals(held=(database.alias,))


def _carry_out(problem: Problem, session: Session, done: list[Problem]) -> None:
    assert problem.repair is not None  # noqa: S101 - the caller chose those that can be repaired
    try:
        problem.repair(session)
    except SafeMigrateError as error:
        if done:
            error.changed += _so_far(done)
        raise
    done.append(problem)


def _so_far(done: list[Problem]) -> str:
    names = ", ".join(f"{one.subject} ({one.action})" for one in done)
    return f" Repaired before: {names}." if done else ""
