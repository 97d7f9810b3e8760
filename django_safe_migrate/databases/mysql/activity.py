"""
What goes on in a server of MariaDB or MySQL.

Locks of rows: InnoDB tells who waits for whom. Locks of tables (metadata locks): MySQL tells in the performance schema, MariaDB in the table of the
plugin ``metadata_lock_info`` if that is installed; else the sessions with an open transaction are named, as a guess.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.activity import (
    QUESTION_SECONDS,
    Blocker,
    Load,
    Progress,
    Wait,
    concerns,
)
from django_safe_migrate.databases.queries import without_values

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.databases.mysql.database import MySQLDatabase

_COLUMNS = """
    p.ID, p.USER, p.HOST, p.COMMAND, {milliseconds} / 1000, TIMESTAMPDIFF(MICROSECOND, t.trx_started, NOW(6)) / 1000000,
    COALESCE(t.trx_query, p.INFO, ''), COALESCE(CONCAT(t.trx_mysql_thread_id, ' ', t.trx_started), '')
"""
OPEN = "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE CONCAT(trx_mysql_thread_id, ' ', trx_started) IN %s"
#: MySQL knows whole seconds only.
_MILLISECONDS = {True: "p.TIME_MS", False: "p.TIME * 1000"}

TABLE_WAITS = """
    SELECT p.ID, {milliseconds} / 1000 FROM information_schema.PROCESSLIST p
    WHERE p.STATE LIKE 'Waiting for %% lock' AND p.ID <> CONNECTION_ID()
"""
#: InnoDB notes the beginning of a wait in whole seconds, the list of processes how long the state lasts.
_ROW_WAIT = """
    SELECT r.trx_mysql_thread_id,
           LEAST(TIMESTAMPDIFF(MICROSECOND, r.trx_wait_started, NOW(6)) / 1000000, {milliseconds} / 1000), b.trx_mysql_thread_id
    FROM {waits} w
    JOIN information_schema.INNODB_TRX r ON r.trx_id = w.{requesting}
    JOIN information_schema.INNODB_TRX b ON b.trx_id = w.{blocking}
    JOIN information_schema.PROCESSLIST p ON p.ID = r.trx_mysql_thread_id
"""
ROW_WAITS = {
    True: _ROW_WAIT.format(
        milliseconds=_MILLISECONDS[True],
        waits="information_schema.INNODB_LOCK_WAITS",
        requesting="requesting_trx_id",
        blocking="blocking_trx_id",
    ),
    False: _ROW_WAIT.format(
        milliseconds=_MILLISECONDS[False],
        waits="performance_schema.data_lock_waits",
        requesting="requesting_engine_transaction_id",
        blocking="blocking_engine_transaction_id",
    ),
}
#: The same without the threads and the times, which take a join that is slow where there are many sessions.
LOCK_WAITS = {
    True: "SELECT requesting_trx_id, blocking_trx_id FROM information_schema.INNODB_LOCK_WAITS",
    False: "SELECT requesting_engine_transaction_id, blocking_engine_transaction_id FROM performance_schema.data_lock_waits",
}
TRANSACTIONS = "SELECT trx_id, trx_mysql_thread_id FROM information_schema.INNODB_TRX"
#: Who holds, or asks for, a lock on the tables of a schema: session, mode, table. MariaDB's plugin lists held ones only.
TABLE_LOCKS = {
    True: """
        SELECT m.THREAD_ID, m.LOCK_MODE, m.TABLE_NAME FROM information_schema.METADATA_LOCK_INFO m
        WHERE m.TABLE_SCHEMA = DATABASE() AND m.LOCK_TYPE = 'Table metadata lock'
    """,
    False: """
        SELECT h.PROCESSLIST_ID, l.LOCK_TYPE, l.OBJECT_NAME FROM performance_schema.metadata_locks l
        JOIN performance_schema.threads h ON h.THREAD_ID = l.OWNER_THREAD_ID
        WHERE l.OBJECT_TYPE = 'TABLE' AND l.OBJECT_SCHEMA = DATABASE() AND l.LOCK_STATUS = 'GRANTED'
    """,
}
SESSIONS = """
    SELECT {columns} FROM information_schema.PROCESSLIST p
    LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
    WHERE p.ID <> CONNECTION_ID() AND p.DB = DATABASE() AND ({condition})
    ORDER BY t.trx_started IS NULL, t.trx_started
"""
PROGRESS = (
    "SELECT STATE, STAGE, MAX_STAGE, PROGRESS FROM information_schema.PROCESSLIST WHERE ID = %s"
)
#: The place in InnoDB's log that was reached, as MariaDB and MySQL 8.0.30 call it, and what older ones count.
LOG_PLACES = ("Innodb_lsn_current", "Innodb_redo_log_current_lsn", "Innodb_os_log_written")
LOG_WRITTEN = f"SHOW GLOBAL STATUS WHERE Variable_name IN {LOG_PLACES}"
#: Modes of metadata locks that only changes of the schema take.
_OF_MIGRATIONS = ("EXCLUSIVE", "UPGRAD", "NO_WRITE", "NO_READ_WRITE")


def monitoring_connection(database: MySQLDatabase) -> BaseDatabaseWrapper:
    """Return a connection that gives up when the server does not answer."""
    options = dict(database.connection.settings_dict["OPTIONS"])
    options |= {"connect_timeout": QUESTION_SECONDS, "read_timeout": QUESTION_SECONDS}
    return database.new_connection(OPTIONS=options, AUTOCOMMIT=True)


def session_id(database: MySQLDatabase) -> str:
    """Ask on the driver's cursor, so that nobody takes this for SQL of a migration."""
    connection: Any = database.connection
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        contextlib.closing(connection.connection.cursor()) as cursor,
    ):
        cursor.execute("SELECT CONNECTION_ID()")
        return str(cursor.fetchone()[0])


def waits(database: MySQLDatabase, session: str) -> tuple[Wait, ...]:
    """Sessions that wait for a row or a table; where nobody tells who holds a table, those that came after us wait for us."""
    found: dict[str, tuple[float, list[str]]] = {}
    tables = database.ask(_with_milliseconds(database, TABLE_WAITS))
    # Who waits for a row may do so for one that waits for a table.
    for waiting, seconds, blocking in _row_waits(database, "" if tables else session):
        since, names = found.setdefault(str(waiting), (float(seconds or 0), []))
        names.append(str(blocking))
    ours = next((float(seconds) for number, seconds in tables if str(number) == session), None)
    holders = {name for name, _, _ in _table_locks(database) or ()} if tables else set()
    for number, seconds in tables:
        name = str(number)
        came_later = name != session and (ours is None or float(seconds) <= ours)
        behind_us = came_later and (session in holders or not holders or ours is not None)
        found.setdefault(name, (float(seconds), [session] if behind_us else []))
    return tuple(
        Wait(name, seconds, tuple(dict.fromkeys(names))) for name, (seconds, names) in found.items()
    )


def _row_waits(database: MySQLDatabase, session: str) -> list[tuple[Any, ...]]:
    """Who waits for a row, for how many seconds, and for whom; nothing when a session is given that has no part in it."""
    pairs = database.ask_if_permitted(LOCK_WAITS[database.is_mariadb])
    if not pairs:
        return []
    if session:
        threads = dict(database.ask_if_permitted(TRANSACTIONS) or ())
        names: dict[str, list[str]] = {}
        for waiting, blocking in pairs:
            names.setdefault(str(threads.get(waiting)), []).append(str(threads.get(blocking)))
        if not concerns(session, (Wait(name, 0.0, tuple(by)) for name, by in names.items())):
            return []
    return database.ask_if_permitted(ROW_WAITS[database.is_mariadb]) or []


def blockers(database: MySQLDatabase, wait: Wait) -> tuple[Blocker, ...]:
    """The sessions that hold the row or the table; or all that have an open transaction or a query older than the wait, as a guess."""
    if wait.blocked_by:
        ids = ", ".join(str(int(name)) for name in wait.blocked_by)
        return _sessions(database, f"p.ID IN ({ids})", lock="a lock of rows")
    held = _table_locks(database)
    if held is None:
        condition = f"p.ID <> {int(wait.session)} AND t.trx_started < NOW(6) - INTERVAL {wait.seconds:.6f} SECOND"
        return _sessions(database, condition, guessed=True)
    mine = {table for name, _, table in held if name == wait.session}
    others = {
        name for name, _, table in held if name != wait.session and (not mine or table in mine)
    }
    if not others:
        return ()
    found = _sessions(
        database, f"p.ID IN ({', '.join(str(int(name)) for name in others)})", holds=True
    )
    return tuple(_with_locks(blocker, held) for blocker in found)


def _with_locks(blocker: Blocker, held: list[tuple[str, str, str]]) -> Blocker:
    modes = [(mode, table) for name, mode, table in held if name == blocker.session]
    return dataclasses.replace(
        blocker,
        lock=", ".join(sorted({f"{mode} on {table}" for mode, table in modes})),
        is_migration=any(part in mode.upper() for mode, _ in modes for part in _OF_MIGRATIONS),
    )


def _table_locks(database: MySQLDatabase) -> list[tuple[str, str, str]] | None:
    """Session, mode and table of every metadata lock; None where the server does not tell."""
    rows = database.ask_if_permitted(TABLE_LOCKS[database.is_mariadb])
    return (
        None if rows is None else [(str(one), str(mode), str(table)) for one, mode, table in rows]
    )


def _sessions(
    database: MySQLDatabase,
    condition: str,
    *,
    lock: str = "",
    guessed: bool = False,
    holds: bool = False,
) -> tuple[Blocker, ...]:
    """Sessions as blockers; ``holds``: each is known to hold a lock, so one that sleeps is in a transaction even if InnoDB has none of it."""
    columns = _with_milliseconds(database, _COLUMNS)
    rows = database.ask_if_permitted(SESSIONS.format(columns=columns, condition=condition)) or ()
    return tuple(
        Blocker(
            session=str(number),
            user=str(user),
            application=str(host),
            state="idle in transaction"
            if command == "Sleep" and (holds or age is not None)
            else str(command),
            seconds=None if age is None else float(age),
            idle_seconds=float(seconds)
            if command == "Sleep" and (holds or age is not None)
            else None,
            query=without_values(query, mysql=True),
            lock=lock,
            guessed=guessed,
            transaction=str(transaction),
        )
        for number, user, host, command, seconds, age, query, transaction in rows
    )


def are_open(database: MySQLDatabase, transactions: Collection[str]) -> bool | None:
    """By the session and the moment in which a transaction began; InnoDB has no number for those that only read."""
    rows = database.ask_if_permitted(OPEN, [tuple(transactions)])
    return bool(rows[0][0]) if rows else None


def end_idle_session(database: MySQLDatabase, blocker: Blocker, after: float) -> bool:
    """Look once more, then KILL: the server has no statement that does both."""
    holds = any(name == blocker.session for name, _, _ in _table_locks(database) or ())
    now = _sessions(database, f"p.ID = {int(blocker.session)}", holds=holds)
    is_same = bool(now) and (now[0].user, now[0].application) == (blocker.user, blocker.application)
    if not is_same or now[0].idle_seconds is None or now[0].idle_seconds < after:
        return False
    with database.connection.cursor() as cursor:
        cursor.execute(f"KILL CONNECTION {int(blocker.session)}")
    return True


def statement_progress(database: MySQLDatabase, session: str) -> Progress | None:
    """What MariaDB tells of ALTER TABLE: the stage, and how many thousandths of it are done."""
    if not database.is_mariadb:
        return None
    rows = database.ask(PROGRESS, [int(session)])
    if not rows or not rows[0][2]:
        return None
    state, stage, stages, percent = rows[0]
    return Progress(
        "altering the table", f"{state} (stage {stage} of {stages})", int(float(percent) * 10), 1000
    )


def load(database: MySQLDatabase) -> Load:
    """What InnoDB wrote to its log; a server knows its own lag, not that of its replicas."""
    rows = database.ask_if_permitted(LOG_WRITTEN) or ()
    written = {str(name): int(value) for name, value in rows}
    return Load(log_bytes=next((written[name] for name in LOG_PLACES if name in written), None))


def _with_milliseconds(database: MySQLDatabase, sql: str) -> str:
    return sql.replace("{milliseconds}", _MILLISECONDS[database.is_mariadb])
