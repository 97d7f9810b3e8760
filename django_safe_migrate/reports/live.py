"""What is printed while a run goes on: a progress bar on a terminal, one plain line for each event elsewhere."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.events import Event
from django_safe_migrate.record import RUNNING, RunRecord
from django_safe_migrate.reports import units
from django_safe_migrate.reports.console import printable
from django_safe_migrate.reports.lines import STAGES, clock, lines_of, stage_of, time_of_day
from django_safe_migrate.reports.progress import progress_of
from django_safe_migrate.reports.terminal import Terminal, terminal

if TYPE_CHECKING:
    from rich.live import Live

logger = logging.getLogger("django_safe_migrate")

#: A log gets a sign of life when nothing was printed for so many seconds: platforms end a release that is silent for long.
SIGN_OF_LIFE = 25.0
#: Seconds that closing waits for a line that is being written.
_LAST_LINE = 5.0


class Listener:
    """Gets the events of a run as they come; this one prints nothing. A closed one goes on when there are more events."""

    def __call__(self, event: Event, record: RunRecord) -> None:
        """Show one event; the record is as it is after it."""

    def close(self) -> None:
        """Give the terminal back as it was."""


def live(
    stdout: Any, *, verbosity: int, force_color: bool = False, no_color: bool = False
) -> Listener:
    """Return the listener that fits the place where it prints."""
    if verbosity <= 0:
        return Listener()
    found = terminal(stdout, force_color=force_color, no_color=no_color)
    return Moving(found, verbosity) if found.moves else Plain(found, verbosity)


class Plain(Listener):
    """
    Prints ``12:00:01 execute   shop.0002_x applied in 0.12 s``: whole lines, fit for any log collector.

    While nothing happens for long, a line says now and then what is under way; ``silence`` is after how many seconds.
    """

    def __init__(self, found: Terminal, verbosity: int, silence: float = SIGN_OF_LIFE) -> None:
        self._stream = found.stream
        self._console = found.console() if found.is_colored else None
        self._verbosity = verbosity
        self._silence = silence
        self._record: RunRecord | None = None
        self._printed_at = time.monotonic()
        # Events come from two threads, one after the other; signs of life come from a third one.
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, event: Event, record: RunRecord) -> None:
        """Print the lines of an event."""
        stage = stage_of(event, record)
        with self._lock:
            for style, text in lines_of(event, record, self._verbosity):
                self._print(f"{clock(event)} {stage:<9} {printable(text)}", style)
            self._stream.flush()
            self._record = record
        if event.name == events.RUN_FINISHED:
            self.close()
        elif self._thread is None:
            self._begin()

    def close(self) -> None:
        """Print nothing more until there is another event."""
        self._closed.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_LAST_LINE)
        self._thread = None

    def _begin(self) -> None:
        self._closed = threading.Event()
        self._thread = threading.Thread(
            target=self._live, args=[self._closed], name="django-safe-migrate log", daemon=True
        )
        self._thread.start()

    def _live(self, closed: threading.Event) -> None:
        """Print a line whenever nothing was printed for long."""
        while not closed.wait(max(0.0, self._printed_at + self._silence - time.monotonic())):
            try:
                with self._lock:
                    if time.monotonic() - self._printed_at >= self._silence:
                        self._say_alive()
            except (OSError, ValueError):
                # The output is closed: the run goes on, as it does when an event cannot be shown.
                logger.warning("No more signs of life can be shown.", exc_info=True)
                return

    def _say_alive(self) -> None:
        record = self._record
        if record is None or record.status != RUNNING:
            self._printed_at = time.monotonic()
            return
        stage, text = still_under_way(record)
        self._print(f"{time_of_day()} {stage:<9} {printable(text)}", "dim")
        self._stream.flush()

    def _print(self, line: str, style: str) -> None:
        if self._console is None:
            self._stream.write(f"{line}\n")
        else:
            self._console.print(line, style=style, markup=False, soft_wrap=True)
        self._printed_at = time.monotonic()


def still_under_way(record: RunRecord) -> tuple[str, str]:
    """Return the stage of a run, and what is under way in it, in one line for a log."""
    progress = progress_of(record)
    took = units.duration(progress.migration_seconds or progress.seconds)
    what = progress.migration or STAGES.get(progress.stage, "the run")
    parts = [
        f"{what} under way for {took}",
        progress.operation,
        progress.again,
        *progress.meanwhile,
    ]
    if progress.planned > 1 and progress.share is not None:
        parts.insert(1, f"{progress.done} of {progress.planned} done")
    parts.append(progress.left)
    return progress.stage or "run", "; ".join(part for part in parts if part)


class Moving(Listener):
    """Prints lines above a progress bar that names the current migration and operation."""

    def __init__(self, found: Terminal, verbosity: int) -> None:
        self._console = found.console()
        self._verbosity = verbosity
        self._bar: Live | None = None
        self._record = RunRecord("")

    def __call__(self, event: Event, record: RunRecord) -> None:
        """Print the lines of an event, and move the bar."""
        self._record = record
        if event.name == events.STAGE_STARTED:
            self._heading(event)
        else:
            for style, text in lines_of(event, record, self._verbosity):
                self._print(f"  {printable(text)}", style)
        self._move(event, record)

    def close(self) -> None:
        """Take the bar away; a later event brings it back."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _heading(self, event: Event) -> None:
        name = event.payload["stage"]
        self._print(STAGES.get(name, name), "bold")

    def _print(self, line: str, style: str) -> None:
        """Print above the bar; a style given to ``print`` itself would colour the bar too."""
        from rich.text import Text

        self._console.print(Text(line, style=style), soft_wrap=True)

    def _move(self, event: Event, record: RunRecord) -> None:
        if event.name in {events.STAGE_FINISHED, events.RUN_FINISHED}:
            self.close()
        elif self._bar is None and record.status == RUNNING:
            from django_safe_migrate.reports.bar import live_bar

            self._bar = live_bar(self._console, lambda: progress_of(self._record))
            self._bar.start()
        elif self._bar is not None and event.name == events.STEP_STARTED:
            # Operations are drawn by the clock of the bar: drawing each of thousands would take longer than they do.
            self._bar.refresh()
