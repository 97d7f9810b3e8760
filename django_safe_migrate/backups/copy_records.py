"""
Which copies a backup has elsewhere, in a small file beside the backup.

Not in the manifest: that is written once, before anything is copied, so that a copy that fails or is interrupted leaves a whole backup.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django_safe_migrate.backups.receipt import Copy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_safe_migrate.backups.storage import BackupStorage

#: Ends as the files do that django-dbbackup takes for no backup.
SUFFIX = ".copies.metadata"
_STEM = ".copies"


def is_record(name: str) -> bool:
    """Whether a file is such a record, also one that its storage has renamed as Django's storages do."""
    stem = name.removesuffix(".metadata")
    return stem != name and stem.rpartition(".")[2].split("_")[0] == _STEM[1:]


def write(storage: BackupStorage, backup: str, copies: Sequence[Copy]) -> None:
    """Store which copies a backup has, in place of what was known before."""
    delete(storage, backup)
    storage.save_json(backup + SUFFIX, {"copies": [copy.to_json() for copy in copies]})


def read(storage: BackupStorage, backup: str, names: Sequence[str]) -> tuple[Copy, ...]:
    """Return the copies of a backup as they were recorded; a record that is damaged tells of none, since the copies speak for themselves."""
    for name in _records(backup, names):
        try:
            found = json.loads(storage.read(name))
            return tuple(Copy.from_json(one) for one in found["copies"])
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return ()


def delete(storage: BackupStorage, backup: str) -> None:
    """Delete the record of a backup's copies; harmless when there is none."""
    for name in _records(backup, storage.names()):
        storage.delete(name)


def _records(backup: str, names: Sequence[str]) -> Iterator[str]:
    return (name for name in names if name.startswith(backup + _STEM) and is_record(name))
