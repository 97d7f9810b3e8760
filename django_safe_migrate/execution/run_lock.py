"""The run lock over a run: waited for by polling, asked for again and again, and never believed to be held."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate.databases import Database, RunLock
from django_safe_migrate.exceptions import LockNotAcquired

#: Waiting inside ``pg_advisory_lock`` deadlocks with CREATE INDEX CONCURRENTLY, hence polling.
POLL_SECONDS = 0.5
#: Seconds between two questions whether a lock is still held, while nobody else asks.
BEAT_SECONDS = 5.0
#: Seconds that the end of a run waits for the last answer.
LAST_BEAT = 10.0
#: How often, and after how many seconds, it is tried again when the lock was not had and nobody is seen to hold it.
UNSEEN = 20
UNSEEN_SECONDS = 0.01
#: A holder that this role may not see.
UNKNOWN = "another process"


@contextmanager
def hold(database: Database, wait: float, waiting: Callable[[str], None]) -> Iterator[RunLock]:
    """
    Hold the run lock of a database while the block runs.

    Args:
        database: whose lock to take.
        wait: seconds to wait for another run; 0 tries once.
        waiting: called once with the holder's description when the lock is not had at once.

    Raises:
        LockNotAcquired: another run held it for the whole time.
        UnsafePlan: a pooler makes it worthless.
    """
    lock = database.run_lock()
    _acquire(lock, database, wait, waiting)
    try:
        _reconnect_if_lost(database)
        with _asking_meanwhile(lock):
            yield lock
    finally:
        lock.release()


def _acquire(
    lock: RunLock, database: Database, wait: float, waiting: Callable[[str], None]
) -> None:
    deadline = time.monotonic() + wait
    announced, unseen = False, 0
    while not lock.try_acquire():
        holder = lock.holder()
        if not holder and unseen < UNSEEN:
            # It has gone since we tried: nobody is refused, or told to wait, because of somebody who is not there.
            unseen += 1
            time.sleep(UNSEEN_SECONDS)
            continue
        if time.monotonic() >= deadline:
            raise _not_acquired(holder or UNKNOWN, database, wait)
        if not announced:
            waiting(holder or UNKNOWN)
            announced = True
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _not_acquired(holder: str, database: Database, wait: float) -> LockNotAcquired:
    return LockNotAcquired(
        f"Another run holds database {database.alias!r}: {holder}. Waited {wait:g} s for it.",
        next_command=f"migrate_status --database {database.alias}",
    )


@contextmanager
def _asking_meanwhile(lock: RunLock) -> Iterator[None]:
    """
    Ask in a thread of its own, while the block runs, whether the lock is still held; its ``on_loss`` is called when it is not.

    The questions also keep its connection alive, which routers and firewalls forget when it is silent for minutes.
    """
    if not lock.can_be_cut_off:
        yield
        return
    ended = threading.Event()

    def ask() -> None:
        while not ended.wait(BEAT_SECONDS):
            if not lock.is_held() and not ended.is_set():
                if lock.on_loss is not None:
                    lock.on_loss()
                return

    thread = threading.Thread(target=ask, name="django-safe-migrate run lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(LAST_BEAT)


def why_lost(database: Database, how: str = "its connection is gone") -> str:
    """Say that the lock was lost, and what that means."""
    return f"The run lock of database {database.alias!r} was lost: {how}, so another run may have begun."


def ensure_held(lock: RunLock, database: Database) -> None:
    """Raise ``LockNotAcquired`` when the lock was lost (its connection was cut); a run never continues without it."""
    if not lock.is_held():
        raise _lost(why_lost(database), database)


def ensure_ready(lock: RunLock, database: Database) -> None:
    """
    Make sure, between two migrations, that the lock is held where the migrations are carried out; open their connection anew if it is lost.

    Raises:
        LockNotAcquired: the lock was lost, or the new connection leads to another server, as after a fail-over.
    """
    ensure_held(lock, database)
    if database.connection.in_atomic_block:
        return
    try:
        seen = lock.is_seen()
    except (DatabaseError, InterfaceError):
        _reconnect_if_lost(database)
        seen = lock.is_seen()
    if not seen:
        # Lost a moment ago, or held on a server to which the name of the host no longer leads.
        how = "the server that migrations reach does not know it, as after a fail-over"
        raise _lost(why_lost(database, how), database)


def _reconnect_if_lost(database: Database) -> None:
    """Open the connection of the migrations anew if it is lost, and keep it from being lost for its silence."""
    connection = database.connection
    if (
        connection.connection is not None
        and not connection.in_atomic_block
        and not connection.is_usable()
    ):
        connection.close()
    database.allow_idleness()


def _lost(message: str, database: Database) -> LockNotAcquired:
    return LockNotAcquired(
        message,
        changed="No further migration was started; those finished before are applied.",
        next_command=f"migrate_status --database {database.alias}",
    )
