"""Whether MariaDB or MySQL can be backed up now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.backups import mysql_swap
from django_safe_migrate.backups.mysql_client import INSTALL
from django_safe_migrate.backups.mysql_server import rows
from django_safe_migrate.exceptions import BackupFailed
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.backups.mysql import MySQLConnector

NOT_TRANSACTIONAL = (
    "SELECT t.TABLE_NAME FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE "
    "WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND e.TRANSACTIONS <> 'YES' ORDER BY t.TABLE_NAME"
)


def check(connector: MySQLConnector) -> list[Finding]:
    """Return what stands in the way of a dump, or makes it worth less."""
    try:
        connector.client.path("client")
        version = connector.client.dump_version
    except BackupFailed as error:
        return [
            Finding(
                rule="backup_client_missing",
                severity=Severity.ERROR,
                message=error.message,
                hint=INSTALL,
            )
        ]
    return [
        *_foreign_client(connector, version),
        *_unfinished(connector),
        *_not_transactional(connector),
    ]


def _foreign_client(connector: MySQLConnector, version: str) -> list[Finding]:
    if ("MariaDB" in version) == connector.client.is_mariadb:
        return []
    message = f"The dump program is not of the server's kind: {version!r} for {connector.database.server}."
    return [
        Finding(
            rule="backup_client_foreign", severity=Severity.WARNING, message=message, hint=INSTALL
        )
    ]


def _unfinished(connector: MySQLConnector) -> list[Finding]:
    if not mysql_swap.unfinished(connector):
        return []
    alias = connector.database.alias
    return [
        Finding(
            rule="interrupted_restore",
            severity=Severity.ERROR,
            message=f"A restore of database {alias!r} was interrupted between two of its steps.",
            hint=f"Run: python manage.py migrate_backup repair --database {alias}",
        )
    ]


def _not_transactional(connector: MySQLConnector) -> list[Finding]:
    tables = tuple(name for (name,) in rows(connector.connection, NOT_TRANSACTIONAL, None))
    if not tables:
        return []
    message = (
        "Tables whose engine has no transactions may be dumped in another state than the rest: "
        f"{', '.join(tables)}."
    )
    return [
        Finding(
            rule="backup_tables_not_transactional",
            severity=Severity.WARNING,
            message=message,
            hint="ALTER TABLE ... ENGINE=InnoDB makes a backup of them consistent.",
            tables=tables,
        )
    ]
