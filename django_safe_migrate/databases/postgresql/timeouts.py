"""Timeouts of a PostgreSQL session: set for a block, and restored whatever became of it."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from django.db.utils import DatabaseError, InterfaceError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: What may stand before the first word of a statement.
LEADING = r"\A(?:\s|--[^\n]*\n|/\*.*?\*/)*"
#: Statements that wait for transactions of others while they hold no lock that blocks reads or writes.
_CONCURRENT = re.compile(
    LEADING
    + r"""(?:
        CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b
        | DROP\s+INDEX\s+CONCURRENTLY\b
        | REINDEX\s+(?:\([^)]*\)\s*)?(?:INDEX|TABLE|SCHEMA|DATABASE)\s+CONCURRENTLY\b
        | REINDEX\s*\([^)]*\bCONCURRENTLY\b(?!\s+(?:false|off|0))[^)]*\)
        | ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\bCONCURRENTLY\s*;?\s*\Z
    )""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def is_concurrent(sql: str) -> bool:
    """Whether a statement waits for others without blocking them."""
    return _CONCURRENT.match(sql) is not None


def milliseconds(seconds: float) -> str:
    """Return seconds as PostgreSQL takes them; 0 would switch a timeout off, so it becomes the smallest one."""
    return f"{max(1, math.ceil(seconds * 1000))}ms"


@contextlib.contextmanager
def session_settings(connection: BaseDatabaseWrapper, wanted: Mapping[str, str]) -> Iterator[None]:
    """Set settings of the session while the block runs."""
    if not wanted:
        yield
        return
    connection.ensure_connection()
    session = connection.connection
    previous = _exchange(connection, wanted)
    try:
        yield
    finally:
        # A session that was replaced meanwhile never had our settings.
        if connection.connection is session and session is not None and not session.closed:
            _restore(connection, previous)


def allow_idleness(connection: BaseDatabaseWrapper) -> None:
    """Lift the limit on idle sessions, where the server knows one: from PostgreSQL 14 on."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'"
        )


def _exchange(connection: BaseDatabaseWrapper, values: Mapping[str, str]) -> dict[str, str]:
    """Set values and return those before; on the driver's cursor, so that nobody takes this for SQL of a migration."""
    previous = {}
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT current_setting(%s)", [name])
            previous[name] = cursor.fetchone()[0]
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
    return previous


def _restore(connection: BaseDatabaseWrapper, previous: Mapping[str, str]) -> None:
    try:
        _exchange(connection, previous)
    except (DatabaseError, InterfaceError):
        # In a failed transaction, or lost: a session that keeps our timeouts must not be used again, nor go back to a pool.
        connection.connection.close()
        connection.close()
