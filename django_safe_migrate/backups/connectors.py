"""The connector of each vendor."""

from __future__ import annotations

import importlib

from django_safe_migrate.backups.connector import SafeConnector
from django_safe_migrate.backups.options import ConnectorOptions
from django_safe_migrate.databases import Database
from django_safe_migrate.exceptions import BackupFailed

#: Dotted paths by ``connection.vendor``; also what metadata files name for django-dbbackup.
CONNECTORS = {
    "mysql": "django_safe_migrate.backups.mysql.MySQLConnector",
    "postgresql": "django_safe_migrate.backups.postgresql.PostgreSQLConnector",
    "sqlite": "django_safe_migrate.backups.sqlite.SQLiteConnector",
}


def connector_for(database: Database, options: ConnectorOptions) -> SafeConnector:
    """Return the connector for a database, which works on exactly this connection."""
    path = CONNECTORS.get(database.connection.vendor)
    if path is None:
        raise BackupFailed(
            f"Backups of {database.connection.vendor!r} databases are not supported (database {database.alias!r}).",
        )
    module, _, name = path.rpartition(".")
    connector: SafeConnector = getattr(importlib.import_module(module), name)(
        database.alias, **_settings(database.alias)
    )
    connector.connection, connector.database = database.connection, database
    connector.options = options
    return connector


def _settings(alias: str) -> dict[str, object]:
    from dbbackup import settings as dbbackup_settings

    return dict(dbbackup_settings.CONNECTORS.get(alias, {}))
