"""Where every event of a run goes: the record, the journal, the history, signals and whoever watches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import connections

from django_safe_migrate import events, signals
from django_safe_migrate.events import Event
from django_safe_migrate.history import History
from django_safe_migrate.journal import Journal
from django_safe_migrate.record import RunRecord, apply

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
#: Events after which the history is always written.
_SAVED_AT_ONCE = frozenset({events.STAGE_FINISHED, events.RUN_FINISHED, events.BACKUP_CREATED})
#: Of a step that its transaction undoes as a whole, the database itself tells whether it was carried out.
_STEP_EVENTS = frozenset(
    {
        events.STEP_STARTED,
        events.OPERATION_STARTED,
        events.OPERATION_FINISHED,
        events.STEP_FINISHED,
    }
)


class Recorder:
    """Emits the events of one run."""

    def __init__(
        self,
        record: RunRecord,
        journal: Journal,
        history: History,
        listener: Listener,
        *,
        durable_operations: bool,
    ) -> None:
        """
        Args:
            record: grows with every event.
            journal: gets every event first, so that nothing happened that it does not tell.
            history: gets the record at stage ends and between steps.
            listener: prints what happens; one that raises is not called again, and never stops a run.
            durable_operations: whether operations are fsynced one by one, for databases where a failed migration stays half done.
        """
        self.record = record
        self._journal = journal
        self._history = history
        self._listener: Listener | None = listener
        self._durable_operations = durable_operations
        self._saved_at = 0.0
        self._interval = HISTORY_SECONDS

    def emit(self, name: str, **payload: Any) -> None:
        """Say that something happened; the payload is plain JSON data."""
        event = Event(name, self.record.id, events.timestamp(), payload)
        self._journal.append(event, durable=self._is_durable(event))
        apply(self.record, event)
        self._tell(event)
        self._save_if_due(name)
        signal = _SIGNALS.get(name)
        if signal is not None:
            self._send(signal, event)

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
        if event.name in _STEP_EVENTS:
            return self._durable_operations or not self._step_is_atomic(event)
        return True

    def _step_is_atomic(self, event: Event) -> bool:
        return bool(self.record.steps[event.payload["index"]].atomic)

    def _save_if_due(self, name: str) -> None:
        waited = time.monotonic() - self._saved_at
        due = name == events.STEP_FINISHED and waited >= self._interval
        if not due and name not in _SAVED_AT_ONCE:
            return
        if connections[self._history.alias].in_atomic_block:
            return
        started = time.monotonic()
        self._history.save(self.record)
        self._saved_at = time.monotonic()
        self._interval = max(HISTORY_SECONDS, HISTORY_SHARE * (self._saved_at - started))

    def _send(self, signal: Any, event: Event) -> None:
        for receiver, result in signal.send_robust(
            sender=RunRecord, record=self.record, event=event.payload
        ):
            if isinstance(result, Exception):
                logger.error("Receiver %r of a run's signal raised.", receiver, exc_info=result)
