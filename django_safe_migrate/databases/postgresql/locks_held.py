"""The locks that a transaction of ours holds, as other sessions see them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from django.db.utils import DatabaseError, InterfaceError

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

# Plain reading and what only other DDL waits for are harmless. A table that nobody else sees has no row in pg_class for them.
_HELD = """
    SELECT count(*)
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_class c ON l.locktype = 'relation' AND c.oid = l.relation
    WHERE l.pid = %s AND l.granted
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      AND (l.locktype = 'advisory'
           OR (c.oid >= 16384 AND c.relpersistence <> 't' AND l.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock')))
"""


def holds_locks_others_need(database: Database) -> bool:
    """Whether others may wait for what our open transaction holds; yes when that cannot be asked."""
    raw = database.connection.connection
    with database.connection.wrap_database_errors, raw.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.pg_backend_pid()")
        pid = cursor.fetchone()[0]
    # From outside: there, what our transaction created or altered is as it was before.
    other = database.new_connection(AUTOCOMMIT=True)
    with contextlib.closing(other):
        try:
            with other.cursor() as cursor:
                cursor.execute(_HELD, [pid])
                return bool(cursor.fetchone()[0])
        except (DatabaseError, InterfaceError):
            return True
