"""A disk of a few megabytes, in memory, that a test fills up, makes room on and makes read-only."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PIECE = 4096


class SmallDisk:
    """A file system of a fixed size, mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, leave: int = 0) -> None:
        """Leave no more than so many bytes free."""
        fill(self.folder, leave)

    def make_room(self) -> None:
        """Take away what filled it."""
        self._filler.unlink()

    def make_read_only(self) -> None:
        """Refuse every write from now on."""
        _mount("-o", "remount,ro", str(self.folder))

    def make_writable(self) -> None:
        """Take writes again."""
        _mount("-o", "remount,rw", str(self.folder))

    def names(self) -> set[str]:
        """Return the files on it, except for what fills it."""
        return {entry.name for entry in self.folder.iterdir()} - {self._filler.name}


def fill(folder: Path, leave: int = 0) -> None:
    """Write a file into a folder until no more than so many bytes are free on its disk."""
    descriptor = os.open(folder / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        with contextlib.suppress(OSError):
            while os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize > leave:
                os.write(descriptor, b"\0" * PIECE)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """Mount a file system of this size (`4m`) on a folder while the block runs; only root may do that."""
    folder.mkdir(parents=True, exist_ok=True)
    # World-writable: the server that keeps its files there runs under an account of its own.
    refusal = _try_mount("-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(folder))
    if refusal:
        pytest.skip(f"a small file system cannot be mounted here: {refusal}")
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: a process that is on its way out may still have a file open.
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    refusal = _try_mount(*arguments)
    assert not refusal, refusal


def _try_mount(*arguments: str) -> str:
    """Return why it was refused, empty when it was not."""
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else (done.stderr.strip() or "mount failed")
