"""Whether a backup can be stored now: the storage works, will last, and has room."""

from __future__ import annotations

import stat

from django_safe_migrate.backups import disks
from django_safe_migrate.backups.connector import SafeConnector
from django_safe_migrate.backups.storage import BackupStorage
from django_safe_migrate.findings import Finding, Severity

CONFIGURE = 'Configure STORAGES["dbbackup"] with a storage that outlives this machine, such as an object store.'


def check_storage(storage: BackupStorage, connector: SafeConnector) -> list[Finding]:
    """Return what stands in the way of storing a backup."""
    findings = []
    if problem := storage.probe():
        findings.append(
            Finding(
                rule="backup_storage_unusable",
                severity=Severity.ERROR,
                message=problem,
                hint='Make it writable, or configure STORAGES["dbbackup"] with another storage.',
            )
        )
    if storage.is_default:
        findings.append(
            Finding(
                rule="default_backup_storage",
                severity=Severity.INFO,
                message=f'STORAGES["dbbackup"] is not configured, so backups are kept in {storage.folder}.',
                hint=CONFIGURE,
            )
        )
    findings += _ephemeral(storage)
    findings += _readable(storage)
    findings += _room(storage, connector)
    return findings


def _ephemeral(storage: BackupStorage) -> list[Finding]:
    why = disks.why_ephemeral(storage.folder) if storage.folder is not None else ""
    if not why:
        return []
    return [
        Finding(
            rule="ephemeral_backup_storage",
            severity=Severity.WARNING,
            message=f"Backups in {storage.folder} will vanish: {why}.",
            hint=CONFIGURE,
        )
    ]


def _readable(storage: BackupStorage) -> list[Finding]:
    mode = getattr(storage.storage, "file_permissions_mode", None)
    folder = storage.folder
    if folder is None or not folder.exists() or mode is None:
        return []
    if not (mode & stat.S_IROTH and folder.stat().st_mode & stat.S_IXOTH):
        return []
    return [
        Finding(
            rule="readable_backup_storage",
            severity=Severity.INFO,
            message=f"Every account on this machine can read the backups in {folder} (mode {mode:o}).",
            hint='Give STORAGES["dbbackup"] the option "file_permissions_mode": 0o600.',
        )
    ]


def _room(storage: BackupStorage, connector: SafeConnector) -> list[Finding]:
    needed, folder = connector.dump_bytes(), storage.spool_folder()
    free = disks.free_bytes(folder)
    if needed is None or free is None or free >= needed:
        return []
    # A copy of SQLite's file is as large as the file; other dumps are compressed, and how well is not known beforehand.
    impossible = connector.dump_is_as_large
    return [
        Finding(
            rule="backup_storage_space",
            severity=Severity.ERROR if impossible else Severity.WARNING,
            message=f"The disk of {folder} has {free} bytes free, and the database takes {needed}.",
            hint='Free space there, or point DBBACKUP_TMP_DIR or STORAGES["dbbackup"] to a larger disk.',
        )
    ]
