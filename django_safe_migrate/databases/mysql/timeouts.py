"""Timeouts of a session of MariaDB or MySQL: set for a block, and restored whatever became of it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.db.utils import DatabaseError, InterfaceError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


#: The longest that every platform's server accepts: 24 days.
IDLE_SECONDS = 2_147_483


def wanted(*, lock: float | None, statement: float | None, is_mariadb: bool) -> dict[str, Any]:
    """Return the variables that stand for these timeouts."""
    variables: dict[str, Any] = {}
    if lock is not None:
        whole = max(1, math.ceil(lock))
        # Metadata locks, which ALTER TABLE waits for; and locks of rows.
        variables["lock_wait_timeout"] = whole
        variables["innodb_lock_wait_timeout"] = whole
    if statement is not None and is_mariadb:
        # 0 would mean no limit; the smallest step is a microsecond.
        variables["max_statement_time"] = max(statement, 0.000001)
    elif statement is not None:
        variables["max_execution_time"] = max(1, math.ceil(statement * 1000))
    return variables


def allow_idleness(connection: BaseDatabaseWrapper) -> None:
    """Lift the limit on idle sessions."""
    connection.ensure_connection()
    _exchange(connection, {"wait_timeout": IDLE_SECONDS})


@contextlib.contextmanager
def session_variables(connection: BaseDatabaseWrapper, values: Mapping[str, Any]) -> Iterator[None]:
    """Set variables of the session while the block runs."""
    if not values:
        yield
        return
    connection.ensure_connection()
    session = connection.connection
    previous = _exchange(connection, values)
    try:
        yield
    finally:
        # A session that was replaced meanwhile never had our settings.
        if connection.connection is session and session is not None:
            _restore(connection, previous)


def _exchange(connection: BaseDatabaseWrapper, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set values and return those before; on the driver's cursor, so that nobody takes this for SQL of a migration."""
    names = list(values)
    with (
        connection.wrap_database_errors,
        contextlib.closing(connection.connection.cursor()) as cursor,
    ):
        cursor.execute("SELECT " + ", ".join(f"@@SESSION.{name}" for name in names))
        previous = dict(zip(names, cursor.fetchone(), strict=True))
        cursor.execute(
            "SET " + ", ".join(f"SESSION {name} = %s" for name in names),
            [values[name] for name in names],
        )
    return previous


def _restore(connection: BaseDatabaseWrapper, previous: Mapping[str, Any]) -> None:
    try:
        _exchange(connection, previous)
    except (DatabaseError, InterfaceError):
        # Lost: the next statement must open another session, not find this one.
        connection.close()
