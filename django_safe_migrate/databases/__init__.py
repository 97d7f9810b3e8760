"""One class per vendor, found by ``connection.vendor``; any other vendor gets the cautious base class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from django_safe_migrate.databases.answers import Replication, RowCount, Session
from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.locks import RunLock

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["Database", "Replication", "RowCount", "RunLock", "Session", "VENDORS", "get_database"]

#: Django's ``connection.vendor`` and our class for it.
VENDORS = {
    "mysql": "django_safe_migrate.databases.mysql.MySQLDatabase",
    "postgresql": "django_safe_migrate.databases.postgresql.PostgreSQLDatabase",
    "sqlite": "django_safe_migrate.databases.sqlite.SQLiteDatabase",
}


def get_database(connection: BaseDatabaseWrapper) -> Database:
    """Return our view of the database behind a Django connection."""
    path = VENDORS.get(connection.vendor)
    # Only the vendor's own module is imported: every command pays for imports.
    database_class: type[Database] = import_string(path) if path else Database
    return database_class(connection)
