"""Where every event of a run goes: the record, the journal, the history, signals and whoever watches."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.dispatch import Signal

from django_safe_migrate import events, signals, tracing
from django_safe_migrate.events import Event
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.history import History
from django_safe_migrate.journal import Journal
from django_safe_migrate.record import RUNNING, RunRecord, apply

logger = logging.getLogger("django_safe_migrate")

#: Called with every event and the record as it is after it.
Listener = Callable[[Event, RunRecord], None]

#: The history is written at most once in so many seconds while steps go by; the journal has every event at once.
HISTORY_SECONDS = 1.0
#: And so seldom that writing it takes at most one part in so many of the time: a long plan has a long record.
HISTORY_SHARE = 50

_SIGNALS = {
    events.RUN_STARTED: signals.run_started,
    events.STAGE_FINISHED: signals.stage_finished,
    events.STEP_FINISHED: signals.step_finished,
    events.RUN_FINISHED: signals.run_finished,
}
#: What the monitor tells, in its own thread: nobody waits for the receivers of that but the monitor.
_PROGRESS = frozenset({events.MONITORED, events.BLOCKED, events.BLOCKER_ENDED})
#: Events between two migrations, when there is no transaction.
_BETWEEN = frozenset({events.STEP_STARTED, events.STEP_FINISHED})
#: Events after which the history is always written.
_SAVED_AT_ONCE = frozenset({events.STAGE_FINISHED, events.RUN_FINISHED, events.BACKUP_CREATED})
#: Of a step that its transaction undoes as a whole, the database itself tells whether it was carried out.
_STEP_EVENTS = frozenset(
    {
        events.STEP_STARTED,
        events.OPERATION_STARTED,
        events.OPERATION_FINISHED,
        events.OPERATION_FAILED,
        events.STEP_FINISHED,
    }
)
#: What is true for a moment only is not worth a wait for the disk.
_PASSING = frozenset({events.MONITORED, events.BLOCKED})


class Recorder:
    """Emits the events of one run."""

    def __init__(
        self,
        record: RunRecord,
        journal: Journal,
        history: History,
        listener: Listener,
    ) -> None:
        """
        Args:
            record: grows with every event.
            journal: gets every event first, so that nothing happened that it does not tell.
            history: gets the record at stage ends and between steps.
            listener: prints what happens; one that raises is not called again, and never stops a run.
        """
        self.record = record
        self._journal = journal
        self._history = history
        self._listener: Listener | None = listener
        self._tracer: Listener | None = tracing.tracer()
        #: Receivers of signals that were told to have raised.
        self._told: set[str] = set()
        self._saved_at = 0.0
        self._interval = HISTORY_SECONDS
        # The first migration is written at once: who watches from another machine sees that the plan is carried out.
        self._has_begun = False
        # The monitor emits from a thread of its own.
        self._lock = threading.RLock()

    def emit(self, name: str, **payload: Any) -> None:
        """Say that something happened; the payload is plain JSON data. One event after the other, from whichever thread."""
        with self._lock:
            event = self._emit(name, payload)
        if name in _PROGRESS:
            self._send(signals.run_progressed, event)

    def _emit(self, name: str, payload: dict[str, Any]) -> Event:
        event = Event(name, self.record.id, events.timestamp(), payload)
        self._journal.append(event, durable=self._is_durable(event))
        apply(self.record, event)
        self._trace(event)
        self._tell(event)
        self._save_if_due(name)
        signal = _SIGNALS.get(name)
        if signal is not None:
            self._send(signal, event)
        return event

    def _trace(self, event: Event) -> None:
        """Tell the tracer; what becomes of a trace is no reason to fail a migration."""
        if self._tracer is None:
            return
        try:
            self._tracer(event, self.record)
        except Exception:
            self._tracer = None
            logger.exception("Tracing failed; the run goes on without it.")

    def _tell(self, event: Event) -> None:
        """Tell the listener; output that is closed, or that cannot write a character, is no reason to fail a migration."""
        if self._listener is None:
            return
        try:
            self._listener(event, self.record)
        except Exception:
            self._listener = None
            logger.exception("Showing what happens failed; the run goes on without it.")

    def _is_durable(self, event: Event) -> bool:
        if event.name in _PASSING:
            return False
        if event.name in _STEP_EVENTS:
            return not self.record.steps[event.payload["index"]].atomic
        return True

    def _save_if_due(self, name: str) -> None:
        waited = time.monotonic() - self._saved_at
        due = name in _BETWEEN and (waited >= self._interval or not self._has_begun)
        self._has_begun = self._has_begun or name == events.STEP_STARTED
        if not due and name not in _SAVED_AT_ONCE:
            return
        if connections[self._history.alias].in_atomic_block:
            return
        started = time.monotonic()
        self._history.save(self.record)
        self._saved_at = time.monotonic()
        self._interval = max(HISTORY_SECONDS, HISTORY_SHARE * (self._saved_at - started))

    def _send(self, signal: Signal, event: Event) -> None:
        for receiver, result in signal.send_robust(
            sender=RunRecord, record=self.record, name=event.name, event=event.payload
        ):
            if isinstance(result, Exception):
                logger.error("Receiver %r of a run's signal raised.", receiver, exc_info=result)
                self._tell_receiver_failed(receiver, result, event)

    def _tell_receiver_failed(self, receiver: Any, error: Exception, event: Event) -> None:
        """Tell it once of each receiver; after the end of a run nothing is added to it."""
        name = (
            f"{getattr(receiver, '__module__', '')}.{getattr(receiver, '__qualname__', receiver)}"
        )
        if name in self._told or self.record.status != RUNNING:
            return
        self._told.add(name)
        self.emit(
            events.NOTICE,
            message=f"{name}, a receiver of the signals of runs, raised at {event.name}: {describe(error)}",
        )
