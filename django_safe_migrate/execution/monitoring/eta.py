"""How long a statement will still take, from how fast its present phase has gone so far."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_safe_migrate.databases.activity import Progress

#: Seconds of a phase before anything is said of its end.
_TOO_EARLY = 2.0


class Estimate:
    """Follows one statement after the other; each phase is measured by itself."""

    def __init__(self) -> None:
        self._phase: tuple[str, str, int] | None = None
        self._began = 0.0
        self._done_then = 0
        self._counts = True

    def of(self, progress: Progress | None) -> dict[str, Any] | None:
        """Return plain data: what is done, its phase, the share done, and the seconds left of the phase where they can be told."""
        if progress is None:
            self._phase = None
            return None
        now = time.monotonic()
        phase = (progress.what, progress.phase, progress.total)
        if phase != self._phase:
            # A server may leave the counters of a phase that is done in the next one, which does not count.
            is_next = self._phase is not None and self._phase[0] == progress.what
            self._counts = not (is_next and progress.done >= progress.total)
            self._phase, self._began, self._done_then = phase, now, progress.done
        self._counts = self._counts or progress.done < progress.total
        share = None
        if self._counts and progress.total > 0:
            share = min(1.0, progress.done / progress.total)
        return {
            "what": progress.what,
            "phase": progress.phase,
            "share": None if share is None else round(share, 4),
            "left_seconds": self._left(progress, now - self._began),
        }

    def _left(self, progress: Progress, passed: float) -> float | None:
        done = progress.done - self._done_then
        if passed < _TOO_EARLY or done <= 0 or progress.total <= progress.done:
            return None
        return round(passed / done * (progress.total - progress.done), 1)
