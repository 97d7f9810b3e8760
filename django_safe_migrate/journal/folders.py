"""Where journals are: a private folder of the project, or one in the temporary directory when that cannot be written."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from django_safe_migrate import conf
from django_safe_migrate.exceptions import SafeMigrateError

PRIVATE = 0o700
#: Bytes that must fit into the folder, or the fallback is taken: a journal of a few migrations.
ROOM = 64 * 1024


def directory() -> Path:
    """Return the folder of journals, as the settings say now."""
    return conf.load().journal_dir or conf.state_directory() / "journal"


def fallback_directory() -> Path:
    """Return the folder used when that one cannot be written: one per user and project, below the temporary directory."""
    project = hashlib.sha256(str(directory()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"safe-migrate-{os.getuid()}-{project}"


def directories() -> list[Path]:
    """Return the folders where journals may be."""
    fallback = fallback_directory()
    return [directory(), fallback] if is_private(fallback) else [directory()]


def writable_directory() -> tuple[Path, str]:
    """
    Return a folder that can be written, and why it is not the one that was wanted, empty when it is.

    Raises:
        SafeMigrateError: the temporary directory cannot be written either.
    """
    wanted = directory()
    try:
        _prepare(wanted)
    except OSError as error:
        reason = str(error.strerror or error)
        return _prepared_fallback(
            wanted, reason
        ), f"The folder of journals {wanted} cannot be written ({reason})."
    return wanted, ""


def _prepared_fallback(wanted: Path, reason: str) -> Path:
    fallback = fallback_directory()
    try:
        _prepare(fallback)
        why = "" if is_private(fallback) else "others can write there, or it belongs to one of them"
    except OSError as error:
        why = str(error.strerror or error)
    if why:
        raise SafeMigrateError(
            f"The journal can be kept neither in {wanted} ({reason}) nor in {fallback} ({why}). Make room, or set "
            f'{conf.SETTING}["JOURNAL_DIR"] to a folder that can be written.'
        )
    return fallback


def is_private(folder: Path) -> bool:
    """Whether a folder exists, is ours, and cannot be written by anybody else."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def sync_directory(folder: Path) -> None:
    """Make the names of new files durable: without this a crash can lose a file whose content is on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prepare(folder: Path) -> None:
    """Make the folder, readable by nobody else, and prove that it can be written and that its disk has room for a journal."""
    state = conf.state_directory()
    if folder.is_relative_to(state):
        state.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        ignore = state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"\n" * ROOM)
        probe.flush()
