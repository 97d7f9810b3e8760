"""What PostgreSQL's errors mean, by SQLSTATE."""

from __future__ import annotations

from typing import Any

from django.db.utils import InterfaceError

from django_safe_migrate.databases.causes import causes

#: lock_not_available (lock_timeout, NOWAIT) and deadlock_detected.
LOCK = frozenset({"55P03", "40P01"})
#: The session was ended by an administrator, a crash, a shutdown or a timeout of its own.
ENDED = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"})
#: Class 08 holds every failure of the connection itself.
CONNECTION_CLASS = "08"
#: Not permitted, or unknown to this server: function, table, column, setting, feature.
REFUSAL = frozenset({"42501", "42883", "42P01", "42703", "42704", "0A000"})
#: disk_full.
FULL = "53100"


def sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of an error or of what it was raised from; empty when there is none."""
    for cause in causes(error):
        # psycopg 3 and psycopg2 name it differently.
        state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
        if state:
            return str(state)
    return ""


def is_connection_error(connection: Any, error: BaseException) -> bool:
    """Whether the connection is gone; the driver's own errors about that have no SQLSTATE."""
    state = sqlstate(error)
    if state:
        return state in ENDED or state.startswith(CONNECTION_CLASS)
    driver = connection.Database
    own = (driver.OperationalError, driver.InterfaceError, InterfaceError)
    return any(isinstance(cause, own) for cause in causes(error))
