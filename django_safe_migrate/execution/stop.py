"""A request to stop, or to pause, made in another thread while a plan is carried out in the main one."""

from __future__ import annotations

import threading
import time

from django_safe_migrate.databases.cancelling import Cancel
from django_safe_migrate.execution.cancelling import Cancelling
from django_safe_migrate.execution.interrupts import ensure_not_stopped

#: Seconds between two looks while a plan stands still.
_LOOK_EVERY = 0.2


class Stopped(Exception):
    """The plan was stopped; says why. Raised between operations, and instead of the error of a statement that was cancelled for it."""


class Stop:
    """
    Whether the plan goes on, asked between operations and attempts.

    ``request`` may be called in any thread: the first reason counts, and ``cancel`` is called in a thread of its own, to end the statement that
    runs. ``pause`` and ``resume`` likewise: a plan that is paused stands still before its next operation, and its running statement goes on.
    The other methods are for the thread that carries the plan out. They raise ``StopRequested`` when it was a signal that asked to stop.
    """

    def __init__(self, cancel: Cancel | None = None) -> None:
        self._cancelling = Cancelling(cancel)
        self._lock = threading.Lock()
        self._requested = threading.Event()
        self._paused: dict[str, str] = {}
        #: Why the plan stops; empty while it goes on.
        self.reason = ""
        #: Seconds that the plan stood still so far.
        self.paused_seconds = 0.0

    @property
    def is_requested(self) -> bool:
        """Whether the plan is to stop."""
        return self._requested.is_set()

    @property
    def pauses(self) -> tuple[str, ...]:
        """Why the plan stands still before its next operation; empty while nothing holds it."""
        with self._lock:
            return tuple(self._paused.values())

    def request(self, reason: str) -> None:
        """Stop the plan for a reason; later reasons are not heard."""
        with self._lock:
            if self._requested.is_set():
                return
            self.reason = reason
            self._requested.set()
        self._cancelling.in_background()

    def pause(self, name: str, reason: str) -> None:
        """Hold the plan before its next operation until ``resume`` is called with the same name."""
        with self._lock:
            self._paused[name] = reason

    def resume(self, name: str) -> None:
        """Take back the pause of that name."""
        with self._lock:
            self._paused.pop(name, None)

    def check(self, error: Exception | None = None) -> None:
        """Raise ``Stopped`` when the plan is to stop; ``error`` is the one of the statement under way."""
        ensure_not_stopped()
        if self._requested.is_set():
            self.settle()
            raise Stopped(self.reason) from error

    def settle(self) -> None:
        """Let no later statement be cancelled: what was to be stopped is over."""
        self._cancelling.notice()

    def stand(self) -> None:
        """Wait while the plan is paused; raise ``Stopped`` when it is to stop."""
        started = time.monotonic()
        try:
            while self.pauses and not self._requested.wait(_LOOK_EVERY):
                ensure_not_stopped()
        finally:
            self.paused_seconds += time.monotonic() - started
        self.check()

    def sleep(self, seconds: float) -> None:
        """Sleep between two attempts; raise ``Stopped`` as soon as the plan is to stop."""
        self._requested.wait(seconds)
        self.check()
