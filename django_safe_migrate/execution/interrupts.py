"""
Signals of the operating system, turned into one exception in the main thread.

Python calls its handlers in the main thread only, and only when no code in C runs there; most drivers wait for the server in C. What does happen
at the instant of a signal is a byte written into the file descriptor of ``signal.set_wakeup_fd``. A thread waits for that byte and
cancels the statement under way, whereupon the driver returns and the handler is called.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from django_safe_migrate.databases.cancelling import Cancel
from django_safe_migrate.execution.cancelling import Cancelling

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
#: Seconds that the end of a block waits for its thread.
_LAST_CANCEL = 5.0


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
def stopping(cancel: Cancel | None = None) -> Iterator[None]:
    """
    Raise ``StopRequested`` on the first signal while the block runs; a second one ends the process at once.

    A signal that is ignored stays ignored, as with ``nohup`` or in the background of a shell script.

    Args:
        cancel: called in another thread when a signal comes while the main one waits for a statement to end.
    """
    if not _is_main_thread():
        yield
        return
    with _Block(cancel):
        yield


def ensure_not_stopped() -> None:
    """
    Raise ``StopRequested`` again when a signal was received in this block.

    The first one may have been lost: raised within a function that SQLite called, or in code that catches everything.
    """
    if _current is not None and _current.received is not None:
        raise StopRequested(_current.received)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let a first signal pass while the block runs, for what must not be cut in half; a second one still ends the process."""
    if _current is None:
        yield
        return
    block, before = _current, _current.is_deaf
    block.is_deaf = True
    try:
        yield
    finally:
        block.is_deaf = before


def pass_over() -> None:
    """Let a first signal pass from now on to the end of the block: all that it could have stopped is over."""
    if _current is not None:
        _current.is_deaf = True


class _Block:
    """What one block of ``stopping`` has changed and seen."""

    def __init__(self, cancel: Cancel | None) -> None:
        #: The first signal that was heard.
        self.received: int | None = None
        #: Whether signals are passed over.
        self.is_deaf = False
        self._is_heard = False
        self._cancelling = Cancelling(cancel)
        self._handlers = _replaceable_handlers()
        self._outer = _current
        self._alarm = _Alarm(self._on_byte)

    def __enter__(self) -> None:
        global _current  # noqa: PLW0603 - signals belong to the process
        _current = self
        self._alarm.open()
        for number in self._handlers:
            signal.signal(number, self._on_signal)

    def __exit__(self, *of_error: object) -> None:
        global _current  # noqa: PLW0603
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._cancelling.notice()
        self._alarm.close()
        _current = self._outer

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """In the main thread, once it executes Python."""
        for one in self._handlers:
            signal.signal(one, signal.SIG_DFL)
        self._cancelling.notice()
        if not self.is_deaf:
            self.received = number
            raise StopRequested(number)

    def _on_byte(self, number: int) -> None:
        """In the thread of the alarm, at once."""
        if number not in self._handlers or self._cancelling.is_noticed:
            return
        if self._is_heard:
            # The handler, which would give way to the default action, cannot run yet.
            os._exit(128 + number)
        self._is_heard = True
        if not self.is_deaf:
            self._cancelling.in_background()

    def mute(self) -> None:
        """Before a fork: a signal to the child must not wake the parent, however early it comes."""
        self._alarm.mute()

    def unmute(self) -> None:
        """In the parent, after the fork."""
        self._alarm.unmute()

    def leave_to_parent(self) -> None:
        """Let go, in a forked child, of what wakes the parent; the child's own signals go on to raise ``StopRequested``."""
        self._alarm.forget()
        self._cancelling = Cancelling(None)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _replaceable_handlers() -> dict[int, signal._HANDLER]:
    """The handlers that are in place, without those that ignore; None stands for one that was not set from Python and could not be put back."""
    found = {number: signal.getsignal(number) for number in _SIGNALS}
    return {
        number: handler
        for number, handler in found.items()
        if handler not in {signal.SIG_IGN, None}
    }


class _Alarm:
    """A thread that is woken by signals; where the system has no such thing, nobody is."""

    def __init__(self, ring: Callable[[int], None]) -> None:
        self._ring = ring
        self._previous: int | None = None
        self._sockets: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Take over the descriptor that Python writes to; whoever had it before gets the bytes passed on."""
        reading, writing = socket.socketpair()
        writing.setblocking(False)
        try:
            self._previous = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        except ValueError:  # not the main interpreter
            reading.close()
            writing.close()
            return
        self._sockets = reading, writing
        self._thread = threading.Thread(
            target=self._listen, args=(reading,), name="django-safe-migrate signals", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Put the descriptor back and end the thread."""
        if self._sockets is None or self._thread is None or self._previous is None:
            return
        signal.set_wakeup_fd(self._previous)
        reading, writing = self._sockets
        writing.close()
        self._thread.join(_LAST_CANCEL)
        reading.close()
        self._sockets = None

    def mute(self) -> None:
        """Let signals pass unheard for a moment; the handler, in Python, hears them all the same."""
        if self._sockets is not None and _is_main_thread():
            signal.set_wakeup_fd(-1)

    def unmute(self) -> None:
        """Hear them again."""
        if self._sockets is not None and _is_main_thread():
            signal.set_wakeup_fd(self._sockets[1].fileno(), warn_on_full_buffer=False)

    def forget(self) -> None:
        """In a forked child: the sockets are the parent's, the thread is not here."""
        if self._sockets is None:
            return
        signal.set_wakeup_fd(-1)
        for end in self._sockets:
            end.close()
        self._sockets = None

    def _listen(self, reading: socket.socket) -> None:
        while received := reading.recv(64):
            if self._previous is not None and self._previous >= 0:
                with contextlib.suppress(OSError):
                    os.write(self._previous, received)
            for number in received:
                self._ring(number)


_current: _Block | None = None


def _before_fork() -> None:
    if _current is not None:
        _current.mute()


def _after_fork_in_parent() -> None:
    if _current is not None:
        _current.unmute()


def _after_fork_in_child() -> None:
    if _current is not None:
        _current.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
