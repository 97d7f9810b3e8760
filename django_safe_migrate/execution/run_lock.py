"""Waiting for the run lock: by polling a try-lock, never inside the server's queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django_safe_migrate.databases import Database, RunLock
from django_safe_migrate.exceptions import LockNotAcquired

#: Waiting inside ``pg_advisory_lock`` deadlocks with CREATE INDEX CONCURRENTLY, hence polling.
POLL_SECONDS = 0.5
#: A holder that left meanwhile, or that this role may not see.
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
    """
    lock = database.run_lock()
    _acquire(lock, database, wait, waiting)
    try:
        yield lock
    finally:
        lock.release()


def _acquire(
    lock: RunLock, database: Database, wait: float, waiting: Callable[[str], None]
) -> None:
    deadline = time.monotonic() + wait
    announced = False
    while not lock.try_acquire():
        if time.monotonic() >= deadline:
            raise _not_acquired(lock, database, wait)
        if not announced:
            waiting(lock.holder() or UNKNOWN)
            announced = True
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _not_acquired(lock: RunLock, database: Database, wait: float) -> LockNotAcquired:
    holder = lock.holder() or UNKNOWN
    return LockNotAcquired(
        f"Another run holds database {database.alias!r}: {holder}. Waited {wait:g} s for it.",
        next_command=f"migrate_status --database {database.alias}",
    )


def ensure_held(lock: RunLock, database: Database) -> None:
    """Raise ``LockNotAcquired`` when the lock was lost (its connection was cut); a run never continues without it."""
    if not lock.is_held():
        raise LockNotAcquired(
            f"The run lock of database {database.alias!r} was lost: its connection is gone, so another run may have begun.",
            changed="No further migration was started; those finished before are applied.",
            next_command=f"migrate_status --database {database.alias}",
        )
