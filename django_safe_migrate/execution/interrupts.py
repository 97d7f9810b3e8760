"""Signals of the operating system, turned into one exception in the main thread."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class StopRequested(KeyboardInterrupt):
    """
    A signal asked us to stop.

    A ``KeyboardInterrupt``, since that is what psycopg and Django treat as an interruption: the running statement is cancelled, and no
    ``except Exception`` of a migration swallows it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def stopping() -> Iterator[None]:
    """
    Raise ``StopRequested`` on the first signal while the block runs; a second one has its ordinary effect at once.

    A signal that is ignored stays ignored, as with ``nohup`` or in the background of a shell script.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    # None stands for a handler that was not set from Python, and that Python could not put back.
    previous = {
        number: handler
        for number, handler in found.items()
        if handler not in {signal.SIG_IGN, None}
    }

    def on_signal(number: int, frame: FrameType | None) -> None:
        for one in previous:
            signal.signal(one, signal.SIG_DFL)
        raise StopRequested(number)

    for number in previous:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
