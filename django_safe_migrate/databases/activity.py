"""
What goes on in a server while we work: who waits for whom, how far a statement is, what it costs.

The questions are asked on a connection of their own, about the session that migrates; a vendor that cannot answer says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.locks import this_process

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: What the sessions of this package call themselves, where sessions have names.
APPLICATION_PREFIX = "django-safe-migrate"
MONITOR = f"{APPLICATION_PREFIX} monitor"
#: Seconds that one question of the monitor may take.
QUESTION_SECONDS = 5
#: Characters of a query that are shown in a sentence, and sessions named in one.
MAX_QUERY = 200
MOST_NAMED = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Wait:
    """A session that waits for a lock, since how many seconds, and the sessions that it waits for."""

    session: str
    seconds: float
    blocked_by: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """
    A session that keeps ours waiting.

    ``seconds`` is the age of its transaction, ``idle_seconds`` how long it has done nothing in it, None when it is busy. ``query`` is what it executes
    or executed last, with its values removed. ``lock`` is what it holds. ``guessed`` says that the server does not name who holds a lock, and this
    session is one that may. ``is_migration`` says that it does what migrations do. ``transaction`` is the server's name for the one that it
    was in, empty where that is not known; it says nothing to people.
    """

    session: str
    user: str = ""
    application: str = ""
    state: str = ""
    seconds: float | None = None
    idle_seconds: float | None = None
    query: str = ""
    lock: str = ""
    guessed: bool = False
    is_migration: bool = False
    transaction: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data, for people to read."""
        data = dataclasses.asdict(self)
        del data["transaction"]
        return data

    @property
    def words(self) -> str:
        """Who it is, what it does and what it holds, as a part of a sentence."""
        name = f"session {self.session}" if self.session else self.state
        by = f" of {self.user}" if self.user else ""
        application = f" ({self.application})" if self.application else ""
        parts = [f"{name}{by}{application}", self._doing()]
        if self.seconds is not None:
            parts.append(f"its transaction is {_age(self.seconds)} old")
        if self.lock:
            parts.append(self.lock if self.lock.startswith("waits") else f"holds {self.lock}")
        if self.guessed:
            parts.append("a guess, since this server does not tell who holds the lock")
        query = f": {self.query[:MAX_QUERY]}" if self.query else ""
        return ", ".join(part for part in parts if part) + query

    def _doing(self) -> str:
        if not self.session:
            return ""
        idle = self.idle_seconds
        return self.state if idle is None else f"{self.state} for {_age(idle)}"


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def named(blockers: Sequence[Blocker]) -> str:
    """Name the first few sessions in a row; empty when there are none."""
    shown = "; ".join(blocker.words for blocker in blockers[:MOST_NAMED])
    more = len(blockers) - MOST_NAMED
    return f"{shown}; and {more} more" if more > 0 else shown


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How far a statement is: what it does, its phase, and how much of the phase is done, in units of the server's."""

    what: str
    phase: str
    done: int
    total: int


@dataclasses.dataclass(frozen=True, slots=True)
class Load:
    """What a server has written so far, since whenever: bytes of its log and of temporary files; and the lag in seconds of its slowest replica."""

    log_bytes: int | None = None
    temporary_bytes: int | None = None
    lag: float | None = None


class ActivityQuestions:
    """What a database tells of its sessions; this one tells nothing."""

    connection: BaseDatabaseWrapper
    #: Why nobody is named who holds a lock; empty where they are.
    names_no_blockers = "This database does not tell who holds a lock."

    #: Seconds between two looks at least, for servers that answer from a cache when they are asked more often.
    least_pause = 0.0

    def monitoring_connection(self) -> BaseDatabaseWrapper | None:
        """Return a connection for the monitor, not opened yet and to be used in one thread; None where it would tell nothing."""
        return None

    def session_id(self) -> str:
        """Return how the server calls the session of our connection; empty where sessions have no names."""
        return ""

    def bound_questions(self) -> None:
        """Let no question on this connection take longer than some seconds."""

    def waits(self, session: str) -> tuple[Wait, ...]:
        """
        Return the sessions that wait for a lock now.

        ``session`` is ours. Where nobody waits for it and it waits for nobody, what others wait for may be left out: to say since when takes the
        server long where there are many locks. When it is empty, every wait is returned.
        """
        return ()

    def blockers(self, wait: Wait) -> tuple[Blocker, ...]:
        """Return the sessions for which one waits, with what is known of them."""
        return ()

    def are_open(self, transactions: Collection[str]) -> bool | None:
        """Whether one of these transactions, by the names that ``blockers`` gives, still goes on; None where that is not known."""
        return None

    def end_idle_session(self, blocker: Blocker, after: float) -> bool:
        """
        End a session if it has been idle in its transaction for so many seconds; return whether it was.

        Asked of the server again at this moment: a session that works again, or does what migrations do, is left alone.
        """
        return False

    def statement_progress(self, session: str) -> Progress | None:
        """Return how far the statement of a session is, where the server tells."""
        return None

    def load(self) -> Load:
        """Return what the server has written so far, and how far its replicas are behind."""
        return Load()


def monitor_name(limit: int) -> str:
    """Return what the monitor's session calls itself: with host and process, in so many bytes."""
    return f"{MONITOR} {this_process(limit - len(MONITOR) - 1)}"


def waiting_for(session: str, waits: Iterable[Wait]) -> tuple[Wait, ...]:
    """Return the waits that would end if one session were not there: for it, or for another one that waits for it."""
    found: dict[str, Wait] = {}
    reached = {session}
    remaining = {wait.session: wait for wait in waits if wait.session != session}
    while True:
        more = {
            name: wait for name, wait in remaining.items() if reached.intersection(wait.blocked_by)
        }
        if not more:
            return tuple(found.values())
        found |= more
        reached |= set(more)
        remaining = {name: wait for name, wait in remaining.items() if name not in more}


def concerns(session: str, waits: Iterable[Wait]) -> bool:
    """Return whether a session is among those that wait, or would end a wait if it were not there."""
    found = tuple(waits)
    return any(wait.session == session for wait in found) or bool(waiting_for(session, found))
