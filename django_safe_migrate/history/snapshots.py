"""
The whole history in one file, so that it survives the restore of an older backup.

A snapshot lies beside the journals. It is deleted once every run in it is in the tables; until then, such as when the restored
database does not have the tables yet, it stays and is brought in together with the journals.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django_safe_migrate import events, journal
from django_safe_migrate.journal import folders
from django_safe_migrate.record import RunRecord

SUFFIX = ".snapshot"
_PREFIX = "history-"


def export(alias: str, records: Iterable[RunRecord], backups: Iterable[dict[str, Any]]) -> Path:
    """Write records and the receipts of backups to a new snapshot, on disk when this returns; raise ``OSError``, or ``SafeMigrateError``, if it cannot."""
    stamp = "".join(character for character in events.timestamp() if character.isalnum())
    folder, _reason = folders.writable_directory()
    path = folder / f"{_PREFIX}{stamp}-{uuid.uuid4().hex}{SUFFIX}"
    with path.open("x", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(_line({"database_address": journal.database_address(alias)}))
        file.writelines(_line({"backup": receipt}) for receipt in backups)
        file.writelines(_line({"run": record.to_json()}) for record in records)
        file.write(_line({"complete": True}))
        file.flush()
        os.fsync(file.fileno())
    folders.sync_directory(folder)
    return path


def runs(path: Path) -> Iterator[RunRecord]:
    """Yield the records of a snapshot."""
    return (RunRecord.from_json(line["run"]) for line in _lines(path) if "run" in line)


def receipts(path: Path) -> list[dict[str, Any]]:
    """Return the receipts of backups in a snapshot."""
    return [line["backup"] for line in _lines(path) if "backup" in line]


def leftovers(alias: str) -> list[Path]:
    """Return the snapshots of this database that were never put back, oldest first."""
    address = journal.database_address(alias)
    found = [
        path for folder in folders.directories() for path in folder.glob(f"{_PREFIX}*{SUFFIX}")
    ]
    return sorted(
        path for path in found if next(_lines(path), {}).get("database_address") == address
    )


def _line(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=True, default=str) + "\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="ascii") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                return
