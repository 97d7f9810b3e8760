"""The run lock on SQLite: a lock of the operating system on a file beside the database's."""

from __future__ import annotations

import contextlib
import datetime
import os
import socket
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import ClassVar

import psutil

from django_safe_migrate.databases.locks import (
    Owner,
    RunLock,
    describe_process,
    owner_of,
    this_process,
)
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

    _could_lock = _lock

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        """Lock an open file; the lock goes with the last copy of the descriptor, however the process ends."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _could_lock(descriptor: int) -> bool:
        """Whether nobody has locked an open file; those who only ask do not disturb each other."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


SUFFIX = ".safe-migrate.lock"
#: Looks at a lock that is refused and that no living process of this host has signed: perhaps somebody only asks about it, or has it since
#: this instant and is about to sign.
_LOOKS = 20
_BETWEEN_LOOKS = 0.005
#: Seconds that a process which has just got the lock may take to sign.
_SIGNING = 1.0
#: Bytes of the text, so that it is written over as a whole.
_TEXT_BYTES = 200


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
        for _ in range(_LOOKS):
            descriptor = self._locked_file()
            if descriptor is not None:
                self._descriptor = descriptor
                _open_locks.add(self)
                self._sign(descriptor)
                return True
            if self._is_signed():
                return False
            time.sleep(_BETWEEN_LOOKS)
        return False

    def _locked_file(self) -> int | None:
        """Open and lock the file of that name; None when another one has it."""
        descriptor = self._open()
        while _lock(descriptor):
            if self._is_current(descriptor):
                return descriptor
            # Whoever held it removed the file between our opening and our locking of it.
            os.close(descriptor)
            descriptor = self._open()
        os.close(descriptor)
        return None

    def _sign(self, descriptor: int) -> None:
        since = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        text = f"{this_process()}\n{since}\n".encode()
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.ljust(_TEXT_BYTES, b"\n"))

    def _is_signed(self) -> bool:
        """Whether the text names a process that lives, or one of another host, where we cannot look."""
        owner = owner_of(self._text()[0])
        return bool(owner.pid) and (
            owner.host != socket.gethostname() or psutil.pid_exists(owner.pid)
        )

    def _text(self) -> tuple[str, str]:
        """The process that signed last and when, each empty when nobody has."""
        try:
            process, since, *_ = [*self.path.read_text().splitlines(), "", ""]
        except OSError:
            return "", ""
        return process, since

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
        deadline = time.monotonic() + _SIGNING
        while self._is_locked():
            process, since = self._text()
            # What a dead process has signed was there before: whoever has the lock now is about to write over it.
            if self._is_signed() or (process and time.monotonic() >= deadline):
                return describe_process(process, since)
            if time.monotonic() >= deadline:
                return "another process"
            time.sleep(_BETWEEN_LOOKS)
        return ""

    def owner(self) -> Owner | None:
        return owner_of(self._text()[0]) if self._is_locked() else None

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
            return not _could_lock(descriptor)
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
