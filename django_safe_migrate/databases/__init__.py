"""One class per vendor, found by ``connection.vendor``; any other vendor gets the cautious base class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.databases.base import Database, Replication, RowCount, Session
from django_safe_migrate.databases.locks import RunLock

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["Database", "Replication", "RowCount", "RunLock", "Session", "get_database"]


def get_database(connection: BaseDatabaseWrapper) -> Database:
    """Return our view of the database behind a Django connection."""
    from django_safe_migrate.databases.mysql import MySQLDatabase
    from django_safe_migrate.databases.postgresql import PostgreSQLDatabase
    from django_safe_migrate.databases.sqlite import SQLiteDatabase

    classes: dict[str, type[Database]] = {
        database.vendor: database
        for database in (MySQLDatabase, PostgreSQLDatabase, SQLiteDatabase)
    }
    return classes.get(connection.vendor, Database)(connection)
