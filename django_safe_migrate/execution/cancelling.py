"""Cancelling the statement under way until the thread that waits for it has noticed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

from django_safe_migrate.databases.cancelling import Cancel

logger = logging.getLogger("django_safe_migrate")

#: Seconds before the second try, and between two of the later ones: a server that is asked too often has other things to do.
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0
#: Seconds that a try which is on its way is waited for.
_ARRIVAL = 3.0


class Cancelling:
    """
    Cancels the statement of another thread, or of none.

    Again and again until that thread says that it noticed, since a try may come just before the statement begins, or not reach the server.
    """

    def __init__(self, cancel: Cancel | None) -> None:
        self._cancel = cancel
        self._noticed = threading.Event()
        self._on_its_way = threading.Lock()

    @property
    def is_noticed(self) -> bool:
        """Whether ``notice`` was called."""
        return self._noticed.is_set()

    def until_noticed(self) -> None:
        """Cancel whatever runs until ``notice`` is called; never in the thread that executes statements."""
        if self._cancel is None:
            return
        for pause in _pauses():
            with self._on_its_way:
                if self._noticed.is_set():
                    return
                self._try(self._cancel)
            if self._noticed.wait(pause):
                return

    def in_background(self) -> None:
        """Do the same in a thread of its own, and return at once."""
        threading.Thread(
            target=self.until_noticed, name="django-safe-migrate cancel", daemon=True
        ).start()

    def notice(self) -> None:
        """Cancel nothing from now on; a try that is on its way is over first, for it would hit whatever statement comes next."""
        self._noticed.set()
        if self._on_its_way.acquire(timeout=_ARRIVAL):
            self._on_its_way.release()

    @staticmethod
    def _try(cancel: Cancel) -> None:
        try:
            cancel()
        except Exception:
            # The next try may do better; until then the statement goes on, as it would without us.
            logger.info("Cancelling the statement under way failed.", exc_info=True)


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(_LONGEST_PAUSE, pause * 2)
