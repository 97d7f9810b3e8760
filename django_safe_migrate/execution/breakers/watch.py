"""Looking at the breakers while a plan is carried out, in threads of their own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.execution.breakers.breaker import Breaker, CannotTell, Lane
from django_safe_migrate.execution.breakers.guard import Guard, Sparing
from django_safe_migrate.execution.errors import describe

if TYPE_CHECKING:
    from django_safe_migrate.events import Emit
    from django_safe_migrate.execution.stop import Stop

logger = logging.getLogger("django_safe_migrate")

#: Seconds that the start of a plan waits for the first look at every breaker, and its end for the last one.
FIRST_LOOK = 10.0
LAST_LOOK = 10.0
#: Seconds between two looks at least, whatever the settings say.
LEAST_PAUSE = 0.1
#: Looks in a row without an answer, and seconds of one look, after which it is said that a breaker tells nothing.
UNANSWERED = 5
SILENT = 60.0


class Watch:
    """
    Looks at breakers from ``start`` to ``end``; without any it does nothing.

    Args:
        breakers: what to look at.
        database: on the connection that migrates; only asked for another one.
        stop: is told to pause and to stop.
        emit: is told when a breaker opens or closes, and once of each that tells nothing.
        cancel: what ``stop`` cancels statements with.
    """

    def __init__(
        self,
        breakers: Sequence[Breaker],
        database: Database,
        stop: Stop,
        emit: Emit,
        cancel: Sparing,
    ) -> None:
        self._stop = stop
        self._ended = threading.Event()
        guarded = [_Guarded(one, Guard(one, stop, emit, cancel), emit) for one in breakers]
        self._guarded = guarded
        shared = [
            [one for one in guarded if one.breaker.lane is lane]
            for lane in (Lane.LOCAL, Lane.SERVER)
        ]
        alone = [[one] for one in guarded if one.breaker.lane is Lane.ALONE]
        self._threads = [
            _Thread(members, database, self._ended) for members in (*shared, *alone) if members
        ]
        self._ticker = threading.Thread(
            target=self._tick, name="django-safe-migrate breakers", daemon=True
        )

    def start(self) -> None:
        """Begin to look, and wait for the first answers: a breaker that is open already lets no operation begin."""
        if not self._threads:
            return
        for thread in self._threads:
            thread.start()
        self._ticker.start()
        deadline = time.monotonic() + FIRST_LOOK
        for thread in self._threads:
            thread.has_looked.wait(max(0.0, deadline - time.monotonic()))

    def end(self) -> dict[str, Any]:
        """Look no more, and return what happened as plain data; nothing when nothing did."""
        self._ended.set()
        deadline = time.monotonic() + LAST_LOOK
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        openings = [opening for one in self._guarded for opening in one.guard.end()]
        for one in self._guarded:
            one.silence()
        blind = {one.breaker.name: one.blind for one in self._guarded if one.blind}
        if not openings and not blind:
            return {}
        return {
            "paused_seconds": round(self._stop.paused_seconds, 3),
            "openings": sorted(openings, key=lambda opening: str(opening["at"])),
            "blind": blind,
        }

    def _tick(self) -> None:
        while not self._ended.wait(LEAST_PAUSE):
            for one in self._guarded:
                one.guard.tick()
                one.notice_silence()


class _Guarded:
    """A breaker with its guard, and what is known of its answers."""

    def __init__(self, breaker: Breaker, guard: Guard, emit: Emit) -> None:
        self.breaker = breaker
        self.guard = guard
        self._emit = emit
        self._lock = threading.Lock()
        self._unanswered = 0
        self._asked_at: float | None = None
        self._is_silenced = False
        self.due = 0.0
        #: Why it tells nothing, or told nothing for some time; empty while all goes well.
        self.blind = ""
        self.is_off = False

    def look(self, database: Database | None) -> None:
        """Look once; whatever happens is told, never raised."""
        self._asked_at = time.monotonic()
        try:
            reason = self.breaker.look(database)
        except CannotTell as error:
            self.is_off = True
            self._tell(f"is off: {error}")
        except Exception as error:
            logger.info("Breaker %s got no answer.", self.breaker.name, exc_info=True)
            if database is not None:
                database.connection.close()
            self._unanswered += 1
            if self._unanswered >= UNANSWERED:
                self._tell(f"has had no answer {UNANSWERED} times in a row: {describe(error)}")
        else:
            self._unanswered = 0
            self.guard.told(reason)
        finally:
            self._asked_at = None
            self.due = time.monotonic() + max(LEAST_PAUSE, self.breaker.settings.every)

    def notice_silence(self) -> None:
        """Say that a look has not come to its end for long."""
        asked_at = self._asked_at
        if asked_at is not None and time.monotonic() - asked_at > SILENT:
            self._tell(f"has had no answer for {SILENT:g} seconds")

    def silence(self) -> None:
        """Say nothing any more."""
        with self._lock:
            self._is_silenced = True

    def _tell(self, what: str) -> None:
        """Say once that nobody is protected by it."""
        with self._lock:
            if self.blind or self._is_silenced:
                return
            self.blind = what
            self._emit(
                events.NOTICE,
                message=f"Breaker {self.breaker.name} {what}. The run goes on without it.",
            )


class _Thread(threading.Thread):
    """Looks at the breakers of one lane, one after the other."""

    def __init__(self, members: list[_Guarded], database: Database, ended: threading.Event) -> None:
        super().__init__(
            name=f"django-safe-migrate breakers {members[0].breaker.name}", daemon=True
        )
        self._members = members
        self._asks_server = members[0].breaker.lane is Lane.SERVER
        self._database = database
        self._ended = ended
        #: Set when every breaker was looked at once.
        self.has_looked = threading.Event()

    def run(self) -> None:
        connection = self._database.monitoring_connection() if self._asks_server else None
        database = None if connection is None else get_database(connection)
        try:
            while not self._ended.is_set():
                self._look(database)
                self.has_looked.set()
                due = [one.due for one in self._members if not one.is_off]
                if not due:
                    return
                self._ended.wait(max(0.0, min(due) - time.monotonic()))
        except Exception:
            # Only the end of a connection can come here; the run needs none of this.
            logger.exception("Breakers are no longer looked at; the run goes on without them.")
        finally:
            self.has_looked.set()
            for one in self._members:
                one.breaker.close()
            if connection is not None:
                connection.close()

    def _look(self, database: Database | None) -> None:
        for one in self._members:
            if one.is_off or one.due > time.monotonic() or self._ended.is_set():
                continue
            self._bound(database)
            one.look(database)

    @staticmethod
    def _bound(database: Database | None) -> None:
        """Let no question of a new connection wait for long; when that fails, the question that follows fails and tells."""
        if database is None or database.connection.connection is not None:
            return
        try:
            database.bound_questions()
        except Exception:
            logger.info("A connection for breakers could not be opened.", exc_info=True)
            database.connection.close()
