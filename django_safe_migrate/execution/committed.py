"""Whether a migration is recorded, asked of the database after its own answer was not heard: a signal may come while it commits."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import DatabaseError, InterfaceError

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database


def is_recorded(database: Database, app_label: str, name: str) -> bool | None:
    """
    Return whether a migration is recorded as applied; None when that is not certain.

    The transaction under way, if there is one, is rolled back, and the connection is opened anew. A session answers one thing after the
    other: when the one that committed answers again, the commit is over. Of one that is gone, only what is seen can be told: its
    commit may still wait on the server, as for a standby.
    """
    is_over = _has_answered(database)
    connection = database.connection
    try:
        connection.close()
        recorded = (app_label, name) in MigrationRecorder(connection).applied_migrations()
    except (DatabaseError, InterfaceError):
        return None
    return recorded if recorded or is_over else None


def _has_answered(database: Database) -> bool:
    """Give up the transaction under way; return whether the session is there to say that it did."""
    connection: Any = database.connection
    if connection.connection is None:
        return False
    with contextlib.suppress(connection.Database.Error):
        connection.connection.rollback()
        return bool(connection.is_usable())
    return False
