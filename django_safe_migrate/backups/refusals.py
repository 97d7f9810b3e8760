"""When a backup is not made, not relied on or not restored, and the one message that says why."""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

from django.db import DatabaseError, InterfaceError
from django.utils.text import capfirst

from django_safe_migrate.backups import contents, disks
from django_safe_migrate.backups.connector import SafeConnector
from django_safe_migrate.backups.programs import without_secrets
from django_safe_migrate.backups.receipt import Receipt
from django_safe_migrate.backups.streams import Fingerprint
from django_safe_migrate.databases import Database
from django_safe_migrate.exceptions import MEMORY_REFUSED, BackupFailed


def compare(receipt: Receipt, found: Fingerprint) -> None:
    """Raise when what is in the storage is not what was written."""
    if found.size < receipt.size:
        raise BackupFailed(
            f"The backup {receipt.name} is cut short: {found.size} bytes of {receipt.size} are in the storage."
        )
    if found.size > receipt.size:
        raise BackupFailed(
            f"The backup {receipt.name} is longer than what was written: {found.size} bytes instead of {receipt.size}."
        )
    if found.sha256 != receipt.sha256:
        raise BackupFailed(
            f"The content of the backup {receipt.name} is not what was written: its SHA-256 is {found.sha256}, "
            f"and the manifest says {receipt.sha256}."
        )


def check_vendor(receipt: Receipt, connector: SafeConnector) -> None:
    """Raise when a backup is of another kind of database."""
    if receipt.vendor != connector.vendor:
        raise BackupFailed(
            f"The backup {receipt.name} was made of a {receipt.vendor} database, and database {connector.database.alias!r} "
            f"is on {connector.vendor}."
        )


def refuse_open_transaction(database: Database) -> None:
    """What an open transaction did would be missing in a backup, and its locks would make us wait for ourselves."""
    connection = database.connection
    is_open = connection.connection is not None
    if connection.in_atomic_block or (is_open and not connection.get_autocommit()):
        raise BackupFailed(
            f"Database {database.alias!r} is inside an open transaction of this process; "
            "backups are made and restored outside of one."
        )


@contextlib.contextmanager
def naming_full_disk(connector: SafeConnector, path: Path) -> Iterator[None]:
    """While a dump is written to a path, say of a full disk which folder it is and how many bytes are missing."""
    try:
        yield
    except (DatabaseError, OSError, sqlite3.Error) as error:
        if not disks.is_full(error):
            raise
        written = path.stat().st_size if path.exists() else 0
        missing = _missing_bytes(connector, written)
        raise BackupFailed(
            f"There is no room in {path.parent} for the backup ({error}): {written} bytes of it were written, and {missing}. "
            'Free space there, or point DBBACKUP_TMP_DIR or STORAGES["dbbackup"] to a larger disk.'
        ) from error


def _missing_bytes(connector: SafeConnector, written: int) -> str:
    needed = connector.dump_bytes()
    # MariaDB and MySQL count the bytes of a table now and then only: more may be written already than they know of.
    if needed is None or needed <= written:
        return "how many are missing is not known"
    return f"{'' if connector.dump_is_as_large else 'at most '}{needed - written} are missing"


@contextlib.contextmanager
def failures(
    connector: SafeConnector, what: str = "", receipt: Receipt | None = None
) -> Iterator[None]:
    """
    Say in one message what failed, whatever raised it, without a password that a driver may have put into it.

    Where ``receipt`` is that of a backup of another server, which may well be the reason, that is said too.
    """
    try:
        yield
    except BackupFailed as error:
        raise BackupFailed(
            f"{what} {error.message} {_other_server(connector, receipt)}".strip(),
            changed=error.changed,
            next_command=error.next_command,
        ) from error
    except MemoryError as error:
        raise BackupFailed(f"{what} {capfirst(MEMORY_REFUSED)}.".strip()) from error
    except (DatabaseError, InterfaceError, OSError, sqlite3.Error, zlib.error) as error:
        reason = without_secrets(f"{type(error).__name__}: {error}".strip(), connector.secrets)
        raise BackupFailed(f"{what} {reason}".strip()) from error


def _other_server(connector: SafeConnector, receipt: Receipt | None) -> str:
    if receipt is None:
        return ""
    try:
        server = connector.database.server
    except (DatabaseError, InterfaceError):
        return ""
    if contents.major(receipt.server) == contents.major(server):
        return ""
    return f"The backup was made on {receipt.server}, and database {connector.database.alias!r} is on {server}."
