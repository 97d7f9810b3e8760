"""Collecting the status of a database: by reading only, with whatever of it can be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, connections

from django_safe_migrate import events
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.broken_off import find_broken_off, tables_of
from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.history import History
from django_safe_migrate.record import CRASHED, RUNNING
from django_safe_migrate.run import MIGRATE
from django_safe_migrate.sql.states import state_of
from django_safe_migrate.status import migrations as reading
from django_safe_migrate.status import runs
from django_safe_migrate.status.contents import UNKNOWN, HalfDone, LockStatus, Status
from django_safe_migrate.status.half_done import find_half_done, has_candidates

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.record import RunRecord

#: So many runs are looked at for half-done work, however few are shown.
LOOK_BACK = 50


def collect(
    database: str = "default", *, app_labels: Collection[str] = (), limit: int = 5
) -> Status:
    """
    Return the status of a database; what cannot be read is left out and named.

    Args:
        database: its alias.
        app_labels: only the migrations of these apps; of all when empty.
        limit: how many runs to return, newest first.

    Raises:
        CommandError: neither an installed app nor a record has one of the labels.
        SafeMigrateError: the server answers, and does not let us read which migrations are applied.
    """
    found = get_database(connections[database])
    unreachable = found.is_reachable()
    lock = _no_lock(unreachable) if unreachable else runs.lock_status(found)
    history = History()
    records = runs.read_runs(history, database, lock, max(limit, LOOK_BACK))
    if unreachable:
        return _without_database(found, unreachable, lock, history, records, limit)
    return _with_database(found, lock, history, records, app_labels, limit)


def half_done_work(database: Database) -> tuple[HalfDone, ...]:
    """Return the migrations that runs have left half done on a database that can be reached."""
    history = History()
    records = runs.read_runs(history, database.alias, runs.lock_status(database), LOOK_BACK)
    if not has_candidates(records):
        return ()
    return tuple(find_half_done(records, history, database, _migrations(database)))


def _no_lock(reason: str) -> LockStatus:
    return LockStatus(state=UNKNOWN, detail=f"The database cannot be reached: {reason}")


def _without_database(
    database: Database,
    unreachable: str,
    lock: LockStatus,
    history: History,
    records: list[RunRecord],
    limit: int,
) -> Status:
    half_done = tuple(find_half_done(records, history, database, None))
    return Status(
        database=database.alias,
        # The product's name is known only when the server answers.
        server=database.connection.vendor,
        at=events.timestamp(),
        unreachable=unreachable,
        history_unavailable=history.reason_unavailable(),
        lock=lock,
        under_way=tuple(runs.progress(one) for one in records if one.status == RUNNING),
        runs=tuple(runs.summary(one) for one in records[:limit]),
        dead_runs=tuple(runs.dead_runs(records, half_done)),
        half_done=half_done,
    )


def _with_database(
    database: Database,
    lock: LockStatus,
    history: History,
    records: list[RunRecord],
    app_labels: Collection[str],
    limit: int,
) -> Status:
    migrations = _migrations(database)
    reading.check_labels(migrations, app_labels)
    half_done = tuple(
        one
        for one in find_half_done(records, history, database, migrations)
        if not app_labels or one.migration.partition(".")[0] in app_labels
    )
    invalid, problems = _invalid_indexes(database)
    return Status(
        database=database.alias,
        server=database.server,
        at=events.timestamp(),
        history_unavailable=history.reason_unavailable(),
        apps=reading.per_app(migrations, runs.faked(history, database.alias, records), app_labels),
        pending=tuple(
            ".".join(key) for key in migrations.pending() if not app_labels or key[0] in app_labels
        ),
        lock=lock,
        under_way=tuple(runs.progress(one) for one in records if one.status == RUNNING),
        runs=tuple(runs.summary(one) for one in records[:limit]),
        dead_runs=tuple(
            runs.dead_runs(records, half_done, _settled(history, migrations, records, half_done))
        ),
        half_done=half_done,
        invalid_indexes=invalid,
        problems=(*migrations.problems, *problems, *_broken_off(database, migrations)),
    )


def _settled(
    history: History,
    migrations: reading.Migrations,
    records: list[RunRecord],
    half_done: tuple[HalfDone, ...],
) -> frozenset[str]:
    """The killed runs that nothing is left to do about: all that they planned is in the database, and the history has closed them."""
    pending, left_something = set(migrations.pending()), {one.run_id for one in half_done}
    whole = [
        record.id
        for record in records
        if record.status == CRASHED
        and record.kind == MIGRATE
        and record.id not in left_something
        and all(
            ((step.app_label, step.name) in pending) == (step.direction == "backwards")
            for step in record.steps
        )
    ]
    return frozenset(history.closed(whole)) if whole else frozenset()


def _migrations(database: Database) -> reading.Migrations:
    try:
        return reading.read(database.connection)
    except (DatabaseError, InterfaceError) as error:
        raise SafeMigrateError(
            f"The migrations recorded in database {database.alias!r} cannot be read ({describe(error)})."
        ) from error


def _invalid_indexes(database: Database) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The indexes that are not used, or the problem that kept us from asking."""
    try:
        return database.invalid_indexes(), ()
    except (DatabaseError, InterfaceError) as error:
        return (), (f"Invalid indexes cannot be looked for ({describe(error)}).",)


def _broken_off(database: Database, migrations: reading.Migrations) -> Iterator[str]:
    """What statements left that were broken off, with the command that looks after it."""
    if not migrations.has_graph:
        return

    def tables() -> frozenset[str]:
        return tables_of(state_of(migrations.loader, migrations.loader.applied_migrations))

    try:
        found = find_broken_off(database, tables)
    except (DatabaseError, InterfaceError) as error:
        yield f"What was broken off cannot be looked for ({describe(error)})."
        return
    for one in found:
        command = f"migrate_repair --broken-off{runs.on_database(database.alias)}"
        yield f"{one.found} {one.remedy} python manage.py {command}"
