"""
The monitor: a thread with a connection of its own that looks at the server while a plan is carried out.

It must cost next to nothing and never break a run: between two looks it sleeps much longer than a look takes, and when it
fails it says so and ends. What it saw until then stays in the report.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, InterfaceError, OperationalError

from django_safe_migrate import events
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.activity import Blocker, waiting_for
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.monitoring.costs import Costs
from django_safe_migrate.execution.monitoring.obstacles import TELL_AFTER, Obstacles
from django_safe_migrate.execution.monitoring.pace import MEASURE_EVERY, Pace
from django_safe_migrate.execution.monitoring.pages import Pages
from django_safe_migrate.execution.monitoring.waits import Timeline, Waits
from django_safe_migrate.execution.monitoring.watching import Watching

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.events import Emit

logger = logging.getLogger("django_safe_migrate")

#: What was measured is told so often, and after a minute less often: each telling is a line of the journal.
TELL_EVERY = 1.0
TELL_SELDOM = 5.0
#: Seconds that the end of a run waits for the monitor's last look.
LAST_LOOK = 10.0
#: Looks in a row that may fail, for whatever reason, while the connection holds.
UNANSWERED = 5


@dataclasses.dataclass(frozen=True, slots=True)
class MonitorOptions:
    """What is asked of a monitor: pages to fetch, and after how many idle seconds a session in our way is ended, None never."""

    urls: tuple[str, ...] = ()
    terminate_after: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    """The step that is watched; replaced as a whole, so that no look sees half of one step and half of the next."""

    index: int = 0
    lock_timeout: float | None = None
    #: How the server calls the session that carries it out; empty before the first step.
    session: str = ""


class Monitor(Watching):
    """Watches from ``start`` to ``stop``, which returns what was seen as plain data."""

    def __init__(self, database: Database, emit: Emit, options: MonitorOptions) -> None:
        self._database = database
        self._emit = emit
        self._waits, self._timeline, self._costs = Waits(), Timeline(), Costs()
        self._obstacles = Obstacles(emit, options.terminate_after)
        self._pages = Pages(options.urls)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._step = _Step()
        self._looks = 0
        self._unanswered = 0
        self._pace = Pace()
        self._began = time.monotonic()
        self._told = 0.0
        #: Why nothing is watched, or no longer; empty while all goes well.
        self.stopped = ""

    # --- told by the executor, in its own thread ------------------------------------------------------------------------------

    def start(self) -> None:
        """Visit the pages, and begin to watch."""
        self._pages.visit("before")
        self._thread = threading.Thread(
            target=self._watch, name="django-safe-migrate monitor", daemon=True
        )
        self._thread.start()

    def begin_step(self, index: int, lock_timeout: float | None) -> None:
        # Asked each time: a connection that was lost was replaced by another session.
        self._step = _Step(index, lock_timeout, self._database.session_id())

    def begin_attempt(self) -> None:
        self._obstacles.forget()

    def is_still_blocked(self) -> bool | None:
        return self._obstacles.is_there if self._obstacles.now else None

    def blockers(self) -> tuple[Blocker, ...]:
        return self._obstacles.now

    def stop(self) -> dict[str, Any]:
        """End the watching and return what was seen."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(LAST_LOOK)
            if self._thread.is_alive():
                self.stopped = self.stopped or "its last question was not answered"
        self._pages.visit("after")
        return self.to_json()

    def to_json(self) -> dict[str, Any]:
        """Return what was seen so far as plain data."""
        return {
            "is_watched": self._looks > 0,
            "stopped": self.stopped,
            "looks": self._looks,
            "seconds": round(time.monotonic() - self._began, 3),
            "spent_seconds": round(self._pace.spent, 3),
            "longest_wait_seconds": round(self._waits.longest, 3) if self._looks else None,
            "most_waiting": self._waits.most,
            "waits": self._waits.count,
            "costs": self._costs.to_json(),
            "pages": self._pages.to_json(),
            "timeline": self._timeline.to_json(),
            **self._obstacles.to_json(),
        }

    # --- in the monitor's thread ----------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        connection = None
        try:
            connection = self._database.monitoring_connection()
            if connection is None:
                self._watch_machine()
                return
            database = get_database(connection)
            database.allow_idleness()
            database.bound_questions()
            while not self._ended.wait(max(self._look_or_pass(database), database.least_pause)):
                pass
            self._note_moment()
        except Exception as error:
            self._fail(error)
        finally:
            if connection is not None:
                connection.close()

    def _watch_machine(self) -> None:
        """Where sessions cannot be watched, look at this process and this machine only."""
        self.stopped = self._database.names_no_blockers
        while not self._ended.wait(MEASURE_EVERY):
            self._costs.look_at_machine()
            self._pages.visit_if_due()

    def _fail(self, error: Exception) -> None:
        self.stopped = f"{describe(error)}{_place(error)}"
        logger.info("The monitor stopped.", exc_info=error)
        self._emit(
            events.NOTICE,
            message=f"The monitor stopped, and the run goes on without it: {self.stopped}",
        )

    def _look_or_pass(self, database: Database) -> float:
        """
        Look once, and pass over a look that failed; several in a row are a failure.

        A busy server does not answer in time, and what a look asks about may end in the middle of it: the next one sees what is there then.
        """
        try:
            pause = self._look(database, self._step)
        except Exception as error:
            self._unanswered += 1
            if self._unanswered > UNANSWERED or not database.connection.is_usable():
                raise
            if isinstance(error, OperationalError):
                logger.info("The monitor got no answer and asks again.", exc_info=True)
            else:
                logger.warning("A look of the monitor failed, and it looks again.", exc_info=True)
            return MEASURE_EVERY
        self._unanswered = 0
        return pause

    def _look(self, database: Database, step: _Step) -> float:
        """Look once; return the seconds to wait before the next look."""
        if step.session:
            started = time.perf_counter()
            self._look_at_waits(database, step)
            self._pace.looked(time.perf_counter() - started)
        if step.session and self._pace.is_time_to_measure():
            started = time.perf_counter()
            self._measure(database, step)
            self._pace.measured(time.perf_counter() - started)
        self._looks += 1
        self._pages.visit_if_due()
        return self._pace.pause(step.lock_timeout)

    def _look_at_waits(self, database: Database, step: _Step) -> None:
        waits = database.waits(step.session)
        self._waits.add(waiting_for(step.session, waits))
        mine = next((wait for wait in waits if wait.session == step.session), None)
        if mine is None:
            self._obstacles.look_again(database)
            return
        timeout = step.lock_timeout
        tell_after = TELL_AFTER if timeout is None else min(TELL_AFTER, timeout / 2)
        self._obstacles.look(database, mine, step.index, tell_after)

    def _measure(self, database: Database, step: _Step) -> None:
        self._costs.probe(database)
        self._costs.look(database, step.session)
        self._costs.look_at_disk(database)
        self._costs.look_at_machine()
        now = time.monotonic()
        passed = now - self._began
        self._note_moment()
        if now - self._told >= (TELL_EVERY if passed < 60 else TELL_SELDOM):
            self._told = now
            self._emit(events.MONITORED, **self._news(step))

    def _note_moment(self) -> None:
        passed = time.monotonic() - self._began
        self._timeline.add(passed, *self._waits.worst_lately(), self._costs.response)

    def _news(self, step: _Step) -> dict[str, Any]:
        return {
            "index": step.index,
            "waiting": len(self._waits.now),
            "longest_wait_now_seconds": round(self._waits.longest_now, 3),
            "longest_wait_seconds": round(self._waits.longest, 3),
            "most_waiting": self._waits.most,
            "response_seconds": round(self._costs.response, 6),
            "progress": self._costs.progress,
        }


def _place(error: Exception) -> str:
    """Where an error came from that no database raised: without that nobody could find its cause."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, DatabaseError | InterfaceError) or not frames:
        return ""
    return f" (in {frames[-1].name} of {Path(frames[-1].filename).name}, line {frames[-1].lineno})"
