"""Freeing a run lock whose owner is gone, once that is proven."""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING

from django_safe_migrate.databases.locks import Owner
from django_safe_migrate.exceptions import LockNotAcquired
from django_safe_migrate.history import History
from django_safe_migrate.journal import processes
from django_safe_migrate.repair.problem import UNLOCK, Problem, Session, on_database
from django_safe_migrate.repair.recording import recorded

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database

#: Seconds that a server is given to end a session.
PATIENCE = 10.0
#: Whoever holds the lock began one of the newest runs.
RUNS_LOOKED_AT = 50


def lock_problem(database: Database) -> Problem | None:
    """
    Return what is wrong with the run lock: that its owner is gone. None when nobody holds it, or a living process does.

    A lock of the operating system goes with its owner, so that there it is never wrong.
    """
    owner = _owner(database)
    if owner is None or not _is_gone(owner):
        return None
    return Problem(
        action=UNLOCK,
        subject="run lock",
        found=f"It is held by process {owner.pid} of this machine, which is gone; the server still keeps its session {owner.session}.",
        remedy=f"End session {owner.session} of the server, which frees the lock.",
        repair=lambda session: _unlock(session, owner),
    )


def ensure_unlockable(database: Database) -> None:
    """Raise ``LockNotAcquired`` when the run lock is held by somebody who cannot be proven to be gone."""
    holder = database.run_lock().holder()
    if not holder:
        return
    owner = _owner(database)
    if owner is not None and _is_gone(owner):
        return
    if owner is not None and _is_alive(owner):
        reason = "This process is alive; nothing was freed."
        way = f"migrate_status --watch{on_database(database.alias)}   (follows it to its end)"
    else:
        reason = "That it is gone cannot be proven from here; nothing was freed."
        way = f"migrate_repair --unlock{on_database(database.alias)}   (on the machine of that process)"
    raise LockNotAcquired(
        f"The run lock of database {database.alias!r} is held by {holder}. {reason}",
        next_command=way,
    )


def _owner(database: Database) -> Owner | None:
    """
    Return who holds the lock: the process whose run noted this session of the server as its own, else whom the server names.

    A server may name nobody, or the proxy that stands between. Nobody else can have the session: the lock is held by it for all its life.
    """
    lock = database.run_lock()
    owner = lock.owner()
    if owner is None or not owner.session:
        return owner
    oldest = lock.oldest_session()
    for record in History().last_runs(RUNS_LOOKED_AT, database=database.alias):
        is_its = str(record.options.get("lock_session", "")) == owner.session
        if is_its and _moment(record.started_at) >= oldest - processes.TOLERANCE:
            return Owner(record.host, record.pid, owner.session, record.started_at)
    return owner


def _is_alive(owner: Owner) -> bool:
    return bool(owner.pid and processes.is_alive(owner.host, owner.pid, _moment(owner.since)))


def _is_gone(owner: Owner) -> bool:
    return bool(
        owner.pid
        and owner.session
        and processes.is_alive(owner.host, owner.pid, _moment(owner.since)) is False
    )


def _moment(since: str) -> float:
    return datetime.datetime.fromisoformat(since).timestamp() if since else 0.0


def _unlock(session: Session, owner: Owner) -> None:
    database = session.database
    ensure_unlockable(database)
    lock = database.run_lock()
    if _owner(database) != owner:
        return
    with recorded(session, UNLOCK) as done:
        lock.end(owner)
        deadline = time.monotonic() + PATIENCE
        while (left := lock.owner()) is not None and left.session == owner.session:
            if time.monotonic() > deadline:
                raise LockNotAcquired(
                    f"Session {owner.session} was told to end, and still holds the run lock.",
                    next_command=f"migrate_repair --unlock{on_database(database.alias)}",
                )
            time.sleep(0.1)
        done(
            f"Session {owner.session} of process {owner.pid}, which is gone, was ended: the run lock is free."
        )
