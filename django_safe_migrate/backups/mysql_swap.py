"""
Restoring MariaDB and MySQL beside the present database: into a fresh one, checked, and moved table by table in one statement.

RENAME TABLE moves all tables at once, but refuses tables with triggers, and views cannot be moved at all. So triggers are
dropped before and created after, and views, routines and events are created anew. What that takes is written into the server
first, in a table that moves with the others: where it is tells whether the swap has happened, so that a restore that was
killed can be undone before it and finished after it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from django.db import DatabaseError, OperationalError

from django_safe_migrate.backups import mysql_record, names
from django_safe_migrate.backups.connector import Restored, RestoreRequest, report
from django_safe_migrate.backups.mysql_file import uncompressed
from django_safe_migrate.backups.mysql_record import PLANNED, SWAPPED, Swap
from django_safe_migrate.backups.mysql_server import (
    NAME_LIMIT,
    character_set,
    drop_routines,
    drop_triggers,
    execute,
    movable_tables,
    number,
    object_names,
    quoted,
    rows,
    text,
)
from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.backups.mysql import MySQLConnector

SWAP_ATTEMPTS = 5
#: Lock wait timeout exceeded.
LOCK_TIMEOUT = 1205
SCHEMATA = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"
PROGRAMS = ("--no-data", "--no-create-info", "--skip-single-transaction")
WITHOUT_EVENTS = ("--skip-events",)
ONLY_TRIGGERS = ("--skip-events", "--skip-routines")
VIEWS = ("--no-data", "--skip-triggers", "--skip-routines", "--skip-events")


def restore(connector: MySQLConnector, request: RestoreRequest) -> Restored:
    """Restore into a fresh database, compare it with the receipt, and let its tables take the place of the present ones."""
    live, scratch = connector.database.name, names.scratch_name()
    with connector.connected(NAME=None) as server:
        charset = character_set(server, live)
        create(connector, request, server, scratch, charset)
        swapped = False
        try:
            notices = fill(connector, request, scratch)
            connector.connection.close()
            report(request.progress, "swapping", 0)
            swap = _planned(connector, request, server, live, scratch, charset)
            _rename(connector, server, swap)
            swapped = True
        finally:
            if not swapped:
                # Bring back the triggers that were dropped; then nothing needs the scratch database any more.
                repair(connector)
                execute(server, f"DROP DATABASE IF EXISTS {quoted(scratch)}")
        _finish_or_say(connector, server, swap)
        if request.keep_old:
            return Restored(kept=swap.before, notices=notices)
        execute(server, f"DROP DATABASE {quoted(swap.before)}")
    return Restored(notices=notices)


def create(
    connector: MySQLConnector,
    request: RestoreRequest,
    server: BaseDatabaseWrapper,
    name: str,
    charset: str,
) -> None:
    """Create an empty database with a character set and collation."""
    try:
        execute(server, f"CREATE DATABASE {quoted(name)} {charset}")
    except DatabaseError as error:
        raise BackupFailed(
            f"The backup has to be restored into a fresh database, and the user of database {connector.database.alias!r} could not "
            f"create one: {text(error)}. Grant it ALL PRIVILEGES ON `{names.SCRATCH_PREFIX}%`.* and on `{connector.database.name}\\_before\\_%`.*, "
            "or restore in place, which keeps no old database but makes a backup of the present state first.",
            next_command=connector.restore_command(request, "--in-place"),
        ) from error


def fill(connector: MySQLConnector, request: RestoreRequest, scratch: str) -> tuple[str, ...]:
    """Restore into an empty database and compare it with the receipt; return what deserves a notice."""
    try:
        connector.load(uncompressed(request.path), scratch, request.progress)
    except BackupFailed as error:
        raise BackupFailed(
            f"The backup could not be restored into the fresh database {scratch}, which was dropped again. {error.message}"
        ) from error
    with connector.registered(NAME=scratch) as connection:
        report(request.progress, "checking", 0)
        notices = connector.compare(request.receipt, connector.found(connection, request.receipt))
        if request.before_swap is not None:
            request.before_swap(connection)
    return notices


# --- the swap ----------------------------------------------------------------------------------------------------------------


def _planned(
    connector: MySQLConnector,
    request: RestoreRequest,
    server: BaseDatabaseWrapper,
    live: str,
    scratch: str,
    charset: str,
) -> Swap:
    """Write down in the server what is going to be done, and drop the triggers that would be in its way."""
    swap = Swap(
        live=live,
        scratch=scratch,
        before=_name_for_old(server, live),
        old_triggers=connector.script(live, *PROGRAMS, *ONLY_TRIGGERS),
        old_programs=_programs(connector, server, live, *WITHOUT_EVENTS),
        new_programs=_programs(connector, server, scratch),
    )
    create(connector, request, server, swap.before, charset)
    mysql_record.write(server, swap)
    drop_triggers(server, live)
    drop_triggers(server, scratch)
    return swap


def _name_for_old(server: BaseDatabaseWrapper, live: str) -> str:
    present = [name for (name,) in rows(server, SCHEMATA, None)]
    return names.free_name(lambda: names.before_name(live, NAME_LIMIT), present.__contains__)


def _programs(
    connector: MySQLConnector, server: BaseDatabaseWrapper, database: str, *more: str
) -> bytes:
    """Return the SQL of triggers, events and routines, and then of views, which may use them."""
    programs = connector.script(database, *PROGRAMS, *more)
    views = object_names(server, "VIEWS", "TABLE_NAME", "TABLE_SCHEMA", database)
    return programs + (connector.script(database, *VIEWS, *views) if views else b"")


def _rename(connector: MySQLConnector, server: BaseDatabaseWrapper, swap: Swap) -> None:
    """Move everything in one statement, which the server does as a whole or not at all."""
    moves = [(swap.live, swap.before, table) for table in movable_tables(server, swap.live)]
    moves += [(swap.scratch, swap.live, table) for table in movable_tables(server, swap.scratch)]
    parts = [f"{quoted(a)}.{quoted(table)} TO {quoted(b)}.{quoted(table)}" for a, b, table in moves]
    parts.append(
        f"{quoted(swap.before)}.{quoted(PLANNED)} TO {quoted(swap.before)}.{quoted(SWAPPED)}"
    )
    execute(
        server,
        "SET SESSION lock_wait_timeout = %s",
        [max(1, int(connector.options.lock_wait / SWAP_ATTEMPTS))],
    )
    for attempt in range(1, SWAP_ATTEMPTS + 1):
        try:
            execute(server, f"RENAME TABLE {', '.join(parts)}")
        except OperationalError as error:
            if number(error) != LOCK_TIMEOUT or attempt == SWAP_ATTEMPTS:
                raise BackupFailed(
                    f"The restored tables could not take the place of those of {swap.live}, which are still in place: {text(error)}"
                ) from error
            _end_sessions(connector, server, swap.live)
        else:
            return


def _finish_or_say(connector: MySQLConnector, server: BaseDatabaseWrapper, swap: Swap) -> None:
    try:
        _finish(connector, server, swap)
    except (BackupFailed, DatabaseError) as error:
        reason = error.message if isinstance(error, BackupFailed) else text(error)
        raise BackupFailed(
            f"The restored tables are in place in {swap.live}, and not all of its views, triggers, routines and events could be "
            f"created: {reason}",
            changed="The database was changed: its tables and rows are those of the backup.",
            next_command=f"migrate_backup repair --database {connector.database.alias}",
        ) from error


def _finish(connector: MySQLConnector, server: BaseDatabaseWrapper, swap: Swap) -> None:
    """Create in both databases what could not be moved; can be done again from the start at any point."""
    for kind, column, schema in (
        ("VIEWS", "TABLE_NAME", "TABLE_SCHEMA"),
        ("EVENTS", "EVENT_NAME", "EVENT_SCHEMA"),
    ):
        for name in object_names(server, kind, column, schema, swap.live):
            execute(server, f"DROP {kind[:-1]} IF EXISTS {quoted(swap.live)}.{quoted(name)}")
    drop_routines(server, swap.live)
    connector.load(iter([swap.new_programs]), swap.live)
    # Its events stay out: they would go on changing the copy that is kept.
    connector.load(iter([swap.old_programs]), swap.before)
    execute(server, f"DROP DATABASE IF EXISTS {quoted(swap.scratch)}")
    execute(server, f"UPDATE {quoted(swap.before)}.{quoted(SWAPPED)} SET finished = 1")  # noqa: S608 - quoted


def _end_sessions(connector: MySQLConnector, server: BaseDatabaseWrapper, database: str) -> None:
    """End the sessions of a database, save that which holds the run lock: it has no table open."""
    lock = getattr(connector.database.run_lock(), "lock_name", "")
    holder = rows(server, "SELECT IS_USED_LOCK(%s)", [lock])[0][0]
    sql = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s AND ID <> CONNECTION_ID()"
    for (session,) in rows(server, sql, [database]):
        if session != holder:
            # Gone already, or of an account that is not ours to end.
            with contextlib.suppress(DatabaseError):
                execute(server, f"KILL {int(session)}")


# --- after a crash -----------------------------------------------------------------------------------------------------------


def unfinished(connector: MySQLConnector) -> tuple[str, ...]:
    """Return the kept databases whose swap was not brought to its end."""
    return tuple(
        before for before, _ in mysql_record.pending(connector.connection, connector.database.name)
    )


def repair(connector: MySQLConnector) -> tuple[str, ...]:
    """Undo a swap that has not happened, and finish one that has."""
    done = []
    with connector.connected(NAME=None) as server:
        for before, table in mysql_record.pending(server, connector.database.name):
            swap = mysql_record.read(server, before, table)
            if swap is None:
                execute(server, f"DROP DATABASE {quoted(before)}")
            elif table == PLANNED:
                connector.load(iter([swap.old_triggers]), swap.live)
                execute(server, f"DROP DATABASE IF EXISTS {quoted(swap.scratch)}")
                execute(server, f"DROP DATABASE {quoted(before)}")
                done.append(
                    f"The interrupted restore of {swap.live} was undone: it is as it was before."
                )
            else:
                _finish(connector, server, swap)
                done.append(
                    f"The interrupted restore of {swap.live} was finished; its old state is kept as {before}."
                )
        for name in mysql_record.empty(server, connector.database.name):
            execute(server, f"DROP DATABASE {quoted(name)}")
    return tuple(done)


def abandoned(connector: MySQLConnector) -> tuple[str, ...]:
    """Return the databases that a killed process was restoring into."""
    # Not to the database itself, which may be the one to be restored.
    with connector.connected(NAME=None) as server:
        found = rows(server, SCHEMATA, None)
    return tuple(name for (name,) in found if names.is_abandoned(name))


def old_copies(connector: MySQLConnector) -> tuple[str, ...]:
    """Return the databases that restores have kept."""
    return mysql_record.finished(connector.connection, connector.database.name)


def drop(connector: MySQLConnector, name: str) -> None:
    """Drop a kept database."""
    with connector.connected(NAME=None) as server:
        execute(server, f"DROP DATABASE {quoted(name)}")
