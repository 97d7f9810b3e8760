"""
Restoring MariaDB and MySQL in place, for users who may not create databases.

Its price: these servers cannot undo a schema change, so between the first dropped table and the last restored row the database
is neither the old nor the new one. The backend makes a backup of the present state first; a restore that breaks off is run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.backups.connector import Restored, RestoreRequest, report
from django_safe_migrate.backups.mysql_file import uncompressed
from django_safe_migrate.backups.mysql_server import empty
from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.mysql import MySQLConnector

CHANGED = "The database was changed: it is between its old state and the backup."


def restore(connector: MySQLConnector, request: RestoreRequest) -> Restored:
    """Drop everything in the database and execute the dump."""
    name = connector.database.name
    try:
        with connector.connected() as connection:
            report(request.progress, "restoring in place", 0)
            empty(connection, name)
        connector.load(uncompressed(request.path), name, request.progress)
        with connector.connected() as connection:
            notices = connector.compare(
                request.receipt, connector.found(connection, request.receipt)
            )
    except BackupFailed as error:
        raise BackupFailed(
            error.message,
            changed=CHANGED,
            next_command=connector.restore_command(request, "--in-place"),
        ) from error
    connector.connection.close()
    if request.before_swap is not None:
        request.before_swap(connector.connection)
    return Restored(notices=notices)
