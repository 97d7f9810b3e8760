"""Who keeps us waiting: named while we wait, told once for each wait, and ended where that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate import events
from django_safe_migrate.databases.activity import Blocker, Wait

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.events import Emit

#: Seconds of waiting after which it is told for whom, unless the lock timeout is shorter.
TELL_AFTER = 1.0
#: Different sessions that are kept for the report.
_MOST = 20


class Obstacles:
    """The sessions in our way; ``end_after`` is how many seconds one may be idle in its transaction before it is ended, None never."""

    def __init__(self, emit: Emit, end_after: float | None) -> None:
        self._emit = emit
        self._end_after = end_after
        self._told: frozenset[str] = frozenset()
        self._last_seconds = 0.0
        self.now: tuple[Blocker, ...] = ()
        #: Whether one of them is still in the transaction in which it was in our way; None when that is not known.
        self.is_there: bool | None = None
        self._met: dict[tuple[str, str], Blocker] = {}
        self._ended: list[Blocker] = []

    def look(self, database: Database, wait: Wait, index: int, tell_after: float) -> None:
        """Name the sessions for which we wait, tell who they are, and end those that may be ended."""
        if wait.seconds < self._last_seconds:
            self._told = frozenset()
        self._last_seconds = wait.seconds
        self.now, self.is_there = database.blockers(wait), None
        for blocker in self.now:
            key = (blocker.session, blocker.query)
            if key in self._met or len(self._met) < _MOST:
                self._met[key] = blocker
        self._tell(wait, index, tell_after)
        if self._end_after is not None:
            self._end(database, index, self._end_after)

    def forget(self) -> None:
        """Begin another attempt."""
        self.now, self.is_there = (), None

    def look_again(self, database: Database) -> None:
        """Between two attempts: find out whether those who were in our way have left."""
        now = self.now
        transactions = [blocker.transaction for blocker in now]
        if not now or not all(transactions) or self.is_there is False:
            return
        is_there = database.are_open(transactions)
        if is_there and any(blocker.guessed for blocker in now):
            # The one that was in the way may be among those that have left.
            is_there = None
        if self.now is now:
            self.is_there = is_there

    def _tell(self, wait: Wait, index: int, tell_after: float) -> None:
        sessions = frozenset(blocker.session for blocker in self.now)
        if wait.seconds < tell_after or sessions <= self._told:
            return
        self._told |= sessions
        self._emit(
            events.BLOCKED,
            index=index,
            seconds=round(wait.seconds, 3),
            blockers=[blocker.to_json() for blocker in self.now],
        )

    def _end(self, database: Database, index: int, after: float) -> None:
        for blocker in self.now:
            is_idle = blocker.idle_seconds is not None and blocker.idle_seconds >= after
            if not is_idle or blocker.is_migration or blocker.guessed:
                continue
            if database.end_idle_session(blocker, after):
                self._ended.append(blocker)
                self._emit(events.BLOCKER_ENDED, index=index, blocker=blocker.to_json())

    def to_json(self) -> dict[str, list[dict[str, object]]]:
        """Return plain data: every session that was in our way, and those that were ended."""
        return {
            "blockers": [blocker.to_json() for blocker in self._met.values()],
            "ended": [blocker.to_json() for blocker in self._ended],
        }
