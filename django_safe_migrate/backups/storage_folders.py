"""Folders of backups on this machine, and who may read what is in them."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, Storage

#: The mode of files: for their owner alone.
PRIVATE = 0o600


def folder_of(storage: Storage) -> Path | None:
    """Return the folder of a storage of Django's kind on this machine."""
    if not isinstance(storage, FileSystemStorage):
        return None
    try:
        return Path(storage.path(""))
    except (NotImplementedError, SuspiciousFileOperation):
        return None


def private(storage: Storage) -> Storage:
    """Return a storage on this machine that lets nobody else read its files, unless the project has given it a mode of its own."""
    if (
        not isinstance(storage, FileSystemStorage)
        or getattr(storage, "_file_permissions_mode", None) is not None
    ):
        return storage
    private: Any = copy.copy(storage)
    private.file_permissions_mode = PRIVATE
    return private  # type: ignore[no-any-return]


def make_private(folder: Path) -> None:
    """Make the state directory and its folder for backups, for us alone and out of version control."""
    state = folder.parent
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    ignore = state / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def temporary_folder() -> str:
    """Return the folder for unfinished files of storages elsewhere."""
    from dbbackup import settings as dbbackup_settings

    return str(dbbackup_settings.TMP_DIR or tempfile.gettempdir())
