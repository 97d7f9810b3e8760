"""What is in the way on MariaDB and MySQL: transactions, those that were prepared and left, and clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.databases.answers import Session
from django_safe_migrate.databases.mysql.activity import TABLE_LOCKS
from django_safe_migrate.databases.obstacles import PREPARED, OpenTransaction

if TYPE_CHECKING:
    from django_safe_migrate.databases.mysql.database import MySQLDatabase

# A prepared transaction whose session is gone has no thread.
PREPARED_AGES = """
    SELECT TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6)) / 1000000 AS age FROM information_schema.INNODB_TRX
    WHERE trx_mysql_thread_id = 0 AND trx_started < NOW(6) - INTERVAL %s SECOND ORDER BY age DESC
"""
CLIENTS = (
    "SHOW GLOBAL STATUS LIKE 'Threads_connected'",
    "SELECT @@global.max_connections",
)


def open_transactions(database: MySQLDatabase, older_than: float) -> tuple[OpenTransaction, ...]:
    """
    Open transactions of this database; those that were prepared and left, of the whole server, since it does not tell where they were begun.

    Which tables they hold: MySQL tells, MariaDB with the plugin ``metadata_lock_info``.
    """
    sessions = database.long_transactions(older_than)
    locks = database.ask_if_permitted(TABLE_LOCKS[database.is_mariadb]) if sessions else ()
    found = [OpenTransaction(session, _held(session.pid, locks)) for session in sessions]
    return (*found, *_prepared(database, older_than))


def _held(session: str, locks: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(locks, list):
        return None
    return tuple((str(table), str(mode)) for one, mode, table in locks if str(one) == session)


def _prepared(database: MySQLDatabase, older_than: float) -> tuple[OpenTransaction, ...]:
    """The server knows the names of prepared transactions in one place and their ages in another; names are told where all are old."""
    names = [_text(row[3]) for row in database.ask_if_permitted("XA RECOVER") or ()]
    ages = database.ask_if_permitted(PREPARED_AGES, [older_than]) or () if names else ()
    name = ", ".join(names) if len(names) == len(ages) else ""
    return tuple(
        OpenTransaction(Session("", "", name, PREPARED, float(age), "")) for (age,) in ages
    )


def _text(name: object) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def clients(database: MySQLDatabase) -> tuple[int, int]:
    """Clients of every database of the server."""
    count, most = (database.ask(sql)[0][-1] for sql in CLIENTS)
    return int(count), int(most)
