"""The run lock: held by a session or an open file, so that it never outlives its owner."""

from __future__ import annotations

import abc
import contextlib
import os
import socket
import weakref
from typing import TYPE_CHECKING

from django.db.utils import DatabaseError, InterfaceError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.databases.base import Database


class RunLock(abc.ABC):
    """
    A lock that only one run on a database can hold.

    Truth is what the server or the operating system holds for a live session; nothing is left behind by a process that dies.
    """

    @abc.abstractmethod
    def try_acquire(self) -> bool:
        """Take the lock without waiting; return whether it was had."""

    @abc.abstractmethod
    def is_held(self) -> bool:
        """Ask the server, or the operating system, whether we still hold it."""

    @abc.abstractmethod
    def release(self) -> None:
        """Give the lock up; harmless when it is not held."""

    @abc.abstractmethod
    def holder(self) -> str:
        """Describe who holds the lock (host, process, since when), as far as can be seen; empty when nobody does."""


class UnlockedRunLock(RunLock):
    """The lock of a database that offers none: always had, and it says so."""

    def try_acquire(self) -> bool:
        return True

    def is_held(self) -> bool:
        return True

    def release(self) -> None:
        return None

    def holder(self) -> str:
        return ""


class SessionRunLock(RunLock):
    """
    A lock that a session of the server holds, on a connection that nothing else uses.

    The server frees it when the session ends, however its client ended. The connection is never one of
    ``django.db.connections``: code that closes or rolls back those must not free the lock. A try that fails closes the
    connection again, so that a waiting run keeps none open.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.session: BaseDatabaseWrapper | None = None

    @abc.abstractmethod
    def connect(self) -> BaseDatabaseWrapper:
        """Return a connection for the lock alone, not opened yet."""

    @abc.abstractmethod
    def take(self, session: BaseDatabaseWrapper) -> bool:
        """Take the lock in this session without waiting."""

    @abc.abstractmethod
    def has(self, session: BaseDatabaseWrapper) -> bool:
        """Ask whether this session holds the lock."""

    @abc.abstractmethod
    def give_back(self, session: BaseDatabaseWrapper) -> None:
        """Free the lock in this session."""

    def try_acquire(self) -> bool:
        if self.session is not None:
            if self.is_held():
                return True
            self.release()
        session = self.connect()
        # Asked for by whichever thread watches the run.
        session.inc_thread_sharing()
        try:
            if self.take(session):
                self.session = session
                _open_locks.add(self)
        finally:
            if self.session is None:
                session.close()
        return self.session is not None

    def is_held(self) -> bool:
        # Django would open a new connection silently, and ask that.
        if self.session is None or self.session.connection is None:
            return False
        try:
            return self.has(self.session)
        except (DatabaseError, InterfaceError):
            return False

    def release(self) -> None:
        session, self.session = self.session, None
        _open_locks.discard(self)
        if session is None:
            return
        # A session that ended has freed the lock by that; one that lives frees it before the next try of another.
        with contextlib.suppress(DatabaseError, InterfaceError):
            if session.connection is not None:
                self.give_back(session)
        with contextlib.suppress(DatabaseError, InterfaceError):
            session.close()

    def forget_after_fork(self) -> None:
        """
        Let go, in a forked child, of the connection that belongs to its parent.

        Closing it would end the parent's session. The child's copy of the socket becomes a null device, so that whatever the
        driver still sends when its object is destroyed reaches nobody.
        """
        session, self.session = self.session, None
        raw = session.connection if session is not None else None
        if raw is None:
            return
        null = os.open(os.devnull, os.O_RDWR)
        try:
            os.dup2(null, raw.fileno())
        finally:
            os.close(null)


#: Locks held by this process, for the child that a fork makes.
_open_locks: weakref.WeakSet[SessionRunLock] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for lock in list(_open_locks):
        lock.forget_after_fork()
    _open_locks.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def this_process(limit: int | None = None) -> str:
    """Name this host and process as ``host:pid``; the host is shortened to keep within a number of bytes."""
    pid = f":{os.getpid()}"
    host = socket.gethostname().encode("ascii", "replace").decode()
    return (host if limit is None else host[: limit - len(pid)]) + pid


def describe_process(text: str, since: str = "", detail: str = "") -> str:
    """Describe ``host:pid`` for people."""
    host, _, pid = text.rpartition(":")
    parts = [f"host {host}, process {pid}" if host and pid.isdigit() else text]
    if since:
        parts.append(f"since {since}")
    described = ", ".join(part for part in parts if part)
    return f"{described} ({detail})" if described and detail else described or detail
