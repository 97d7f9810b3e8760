"""The run lock on SQLite: a lock of the operating system on a file beside the database's."""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
import threading
import weakref
from pathlib import Path
from typing import ClassVar

from django_safe_migrate.databases.locks import RunLock, describe_process, this_process
from django_safe_migrate.exceptions import LockNotAcquired

if sys.platform == "win32":
    import msvcrt

    #: Far behind the text of the file, so that it stays readable.
    _LOCKED_BYTE = 1 << 30

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        """Lock an open file; the lock goes with the last copy of the descriptor, however the process ends."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


SUFFIX = ".safe-migrate.lock"


class FileRunLock(RunLock):
    """
    A locked file named like the database, ``<file>.safe-migrate.lock``.

    Its text is information only. The file is removed at release; one that a killed process left behind is locked by nobody.
    """

    def __init__(self, database_file: Path) -> None:
        self.path = database_file.with_name(database_file.name + SUFFIX)
        self._descriptor: int | None = None

    def try_acquire(self) -> bool:
        if self._descriptor is not None:
            if self.is_held():
                return True
            self.release()
        descriptor = self._open()
        while _lock(descriptor):
            if self._is_current(descriptor):
                break
            # Whoever held it removed the file between our opening and our locking of it.
            os.close(descriptor)
            descriptor = self._open()
        else:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        _open_locks.add(self)
        since = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{this_process()}\n{since}\n".encode())
        return True

    def is_held(self) -> bool:
        return (
            self._descriptor is not None
            and self._is_current(self._descriptor)
            and self._is_locked()
        )

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        _open_locks.discard(self)
        if descriptor is None:
            return
        # Removed while it is still locked: whoever opened it before finds that it is no longer the file of that name.
        if self._is_current(descriptor):
            with contextlib.suppress(OSError):
                self.path.unlink()
        os.close(descriptor)

    def holder(self) -> str:
        if not self._is_locked():
            return ""
        try:
            process, since = (self.path.read_text().splitlines() + ["", ""])[:2]
        except OSError:
            return "another process"
        return describe_process(process, since) if process else "another process"

    def forget_after_fork(self) -> None:
        """Close the forked child's copy, which would keep the lock alive after its parent's death."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except OSError as error:
            raise LockNotAcquired(
                f"The run lock {self.path} cannot be opened: {error.strerror}. "
                "The user of this process must be able to write to the folder of the database."
            ) from error

    def _is_current(self, descriptor: int) -> bool:
        """Whether the open file is still the one of that name, and not one removed meanwhile."""
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except OSError:
            return False

    def _is_locked(self) -> bool:
        """Whether somebody, perhaps we, holds the lock: a second opening of the file cannot lock it then."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        except FileNotFoundError:
            return False
        except OSError:
            return True
        try:
            return not _lock(descriptor)
        finally:
            os.close(descriptor)


class MemoryRunLock(RunLock):
    """The lock of a database in memory, which no other process can reach."""

    _held: ClassVar[dict[str, MemoryRunLock]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, name: str) -> None:
        self.name = name
        self.since = ""

    def try_acquire(self) -> bool:
        with self._guard:
            if self._held.setdefault(self._key, self) is not self:
                return False
        self.since = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return True

    def is_held(self) -> bool:
        return self._held.get(self._key) is self

    def release(self) -> None:
        with self._guard:
            if self._held.get(self._key) is self:
                del self._held[self._key]

    def holder(self) -> str:
        holder = self._held.get(self._key)
        return describe_process(this_process(), holder.since) if holder else ""

    @property
    def _key(self) -> str:
        """A forked child has a copy of the database, and so a lock of its own."""
        return f"{os.getpid()}:{self.name}"


#: Locks held by this process, for the child that a fork makes.
_open_locks: weakref.WeakSet[FileRunLock] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for lock in list(_open_locks):
        lock.forget_after_fork()
    _open_locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
