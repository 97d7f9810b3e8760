"""The state of one breaker, and what it makes of the plan: a pause, a stop, or a pause that has lasted too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.conf import PAUSE

if TYPE_CHECKING:
    from django_safe_migrate.databases.cancelling import Cancel
    from django_safe_migrate.events import Emit
    from django_safe_migrate.execution.breakers.breaker import Breaker
    from django_safe_migrate.execution.stop import Stop

#: Openings of one breaker that are kept for the report; the journal has all of them.
_MOST = 20


class Sparing:
    """Cancels the statement that runs, unless the breaker that stops the plan lets it come to its end."""

    def __init__(self, cancel: Cancel | None) -> None:
        self._cancel = cancel
        self.spares = False

    def __call__(self) -> None:
        if self._cancel is not None and not self.spares:
            self._cancel()


class Guard:
    """Holds or stops a plan for one breaker; ``told`` and ``tick`` may be called in any thread."""

    def __init__(
        self,
        breaker: Breaker,
        stop: Stop,
        emit: Emit,
        cancel: Sparing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = breaker.settings
        self._stop = stop
        self._emit = emit
        self._cancel = cancel
        self._clock = clock
        self._lock = threading.Lock()
        self._reason = ""
        self._since = 0.0
        self._has_stopped = False
        self._is_over = False
        self._openings: list[dict[str, Any]] = []

    def told(self, reason: str) -> None:
        """Take the answer of a look: open, go on being open, or close."""
        with self._lock:
            if self._is_over or self._has_stopped:
                return
            if reason and not self._reason:
                self._open(reason)
            elif reason:
                self._reason = reason
            elif self._reason:
                self._close()

    def tick(self) -> None:
        """Make a stop of a pause that has lasted too long, also while a look is not answered."""
        with self._lock:
            if not self._reason or self._has_stopped or self._is_over:
                return
            limit = self._settings.pause_limit
            if self._clock() - self._since >= limit:
                self._request(
                    f"{self._reason} That has lasted longer than the limit of a pause, {limit:g} seconds."
                )

    def end(self) -> list[dict[str, Any]]:
        """Hold and stop nothing any more; return what happened as plain data."""
        with self._lock:
            self._is_over = True
            if self._reason and not self._has_stopped:
                self._note_end()
                self._stop.resume(self._settings.name)
            return self._openings

    def _open(self, reason: str) -> None:
        self._reason, self._since = reason, self._clock()
        if self._settings.action == PAUSE:
            self._note(PAUSE, reason)
            self._stop.pause(self._settings.name, reason)
        else:
            self._request(reason)

    def _close(self) -> None:
        seconds = self._note_end()
        self._reason = ""
        self._emit(events.BREAKER_CLOSED, breaker=self._settings.name, seconds=seconds)
        self._stop.resume(self._settings.name)

    def _request(self, reason: str) -> None:
        self._has_stopped = True
        self._note("stop", reason, self._note_end())
        if not self._stop.is_requested:
            self._cancel.spares = not self._settings.cancel
        elif self._settings.cancel:
            # The plan stops already, and its statement was to be spared: not by this one.
            self._cancel.spares = False
        self._stop.request(f"Stopped by breaker {self._settings.name}: {reason}")

    def _note(self, action: str, reason: str, paused: float | None = None) -> None:
        told = {"breaker": self._settings.name, "action": action, "reason": reason}
        if len(self._openings) < _MOST:
            self._openings.append({**told, "at": events.timestamp(), "seconds": None})
        self._emit(events.BREAKER_OPENED, **told, paused_seconds=paused)

    def _note_end(self) -> float:
        """Note how long the pause was that is over now, or becomes a stop."""
        seconds = round(self._clock() - self._since, 3)
        if self._openings and self._openings[-1]["seconds"] is None:
            self._openings[-1]["seconds"] = seconds
        return seconds
