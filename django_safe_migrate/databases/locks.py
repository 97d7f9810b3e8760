"""The run lock: held by a session or an open file, so that it never outlives its owner."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import os
import socket
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate.exceptions import LockNotAcquired, UnsafePlan

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.databases.base import Database


@dataclasses.dataclass(frozen=True, slots=True)
class Owner:
    """
    The process that holds a run lock, as far as its server knows it.

    ``pid`` is 0 when it is not known; ``session`` is the server's number of the session, empty where a lock needs none; ``since`` is
    when the session began, in ISO 8601, empty when that is not known.
    """

    host: str
    pid: int
    session: str = ""
    since: str = ""


class RunLock(abc.ABC):
    """
    A lock that only one run on a database can hold.

    Truth is what the server or the operating system holds for a live session; nothing is left behind by a process that dies.
    """

    #: Whether it can be lost without a word while a statement runs elsewhere, so that it has to be asked for again and again.
    can_be_cut_off = False
    #: Called once, in another thread, when it is found to be lost while nobody asked.
    on_loss: Callable[[], None] | None = None

    @abc.abstractmethod
    def try_acquire(self) -> bool:
        """Take the lock without waiting; return whether it was had."""

    @abc.abstractmethod
    def is_held(self) -> bool:
        """Ask the server, or the operating system, whether we still hold it."""

    def is_seen(self) -> bool:
        """
        Ask on the connection of the migrations whether we hold the lock there: false on another server than the lock's.

        Raises:
            DatabaseError, InterfaceError: that connection does not answer.
        """
        return self.is_held()

    @property
    def session_name(self) -> str:
        """How the server calls the session that holds the lock; empty where none does, or no server is there."""
        return ""

    def oldest_session(self) -> float:
        """Return the moment, in seconds since the epoch, before which no present session of the server can have begun; 0 when unknown."""
        return 0.0

    @abc.abstractmethod
    def release(self) -> None:
        """Give the lock up; harmless when it is not held."""

    @abc.abstractmethod
    def holder(self) -> str:
        """Describe who holds the lock (host, process, since when), as far as can be seen; empty when nobody does."""

    def owner(self) -> Owner | None:
        """Return the process that holds the lock; None when nobody does, or when it is not known who."""
        return None

    def end(self, owner: Owner) -> None:
        """
        End the session of an owner that was proven to be gone.

        Raises:
            LockNotAcquired: this lock has no session to end, or the role may not end it.
        """
        raise LockNotAcquired("This run lock goes with its process; there is no session to end.")


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

    can_be_cut_off = True

    def __init__(self, database: Database) -> None:
        self.database = database
        self.session: BaseDatabaseWrapper | None = None
        # A connection answers one thread at a time.
        self._turn = threading.Lock()

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
                notice_silence(session)
                self.session = session
                _open_locks.add(self)
        finally:
            if self.session is None:
                session.close()
        return self.session is not None

    def is_held(self) -> bool:
        with self._turn:
            # Django would open a new connection silently, and ask that.
            if self.session is None or self.session.connection is None:
                return False
            try:
                return self.has(self.session)
            except (DatabaseError, InterfaceError):
                return False

    def release(self) -> None:
        with self._turn:
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
        # The thread that had its turn at this moment lives in the parent only.
        self._turn = threading.Lock()
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


POOLED_HINT = (
    "Run migrations on a connection that leads to the server itself, or to a pool in session mode: another HOST and PORT in DATABASES "
    "for this command, or a second alias chosen with --database."
)
#: Seconds after which a silent peer is asked whether it lives, between two questions, and until it is given up: the defaults of
#: most systems are hours, and routers forget a connection that was silent for minutes.
SILENCE, BETWEEN, GIVEN_UP = 30, 20, 90


def notice_silence(session: BaseDatabaseWrapper) -> None:
    """Let the operating system keep this client's side of a connection alive, and notice within a minute and a half that it is dead."""
    wanted = {
        "TCP_KEEPIDLE": SILENCE,
        "TCP_KEEPINTVL": BETWEEN,
        "TCP_KEEPCNT": (GIVEN_UP - SILENCE) // BETWEEN,
        "TCP_USER_TIMEOUT": GIVEN_UP * 1000,
    }
    try:
        duplicate = os.dup(session.connection.fileno())
    except (AttributeError, OSError, DatabaseError):
        # A driver that shows no socket.
        return
    # The options belong to the socket, not to this second handle of it.
    with socket.socket(fileno=duplicate) as handle:
        if handle.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in wanted.items():
            if hasattr(socket, name):
                handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def pooled(alias: str) -> UnsafePlan:
    """Return the refusal of a connection whose sessions belong to nobody."""
    return UnsafePlan(
        f"Database {alias!r} is reached through a connection pooler in transaction mode. There a session does not belong to its client, "
        f"so neither the run lock nor lock timeouts can be relied on. {POOLED_HINT}",
        next_command=f"safemigrate --database {alias}   (on a direct connection)",
    )


def this_process(limit: int | None = None) -> str:
    """Name this host and process as ``host:pid``; the host is shortened to keep within a number of bytes."""
    pid = f":{os.getpid()}"
    host = socket.gethostname().encode("ascii", "replace").decode()
    return (host if limit is None else host[: limit - len(pid)]) + pid


def owner_of(text: str, session: str = "", since: str = "") -> Owner:
    """Return the owner that ``host:pid`` names."""
    host, _, pid = text.rpartition(":")
    return (
        Owner(host, int(pid), session, since)
        if host and pid.isdigit()
        else Owner(text, 0, session, since)
    )


def describe_process(text: str, since: str = "", detail: str = "") -> str:
    """Describe ``host:pid`` for people."""
    host, _, pid = text.rpartition(":")
    parts = [f"host {host}, process {pid}" if host and pid.isdigit() else text]
    if since:
        parts.append(f"since {since}")
    described = ", ".join(part for part in parts if part)
    return f"{described} ({detail})" if described and detail else described or detail
