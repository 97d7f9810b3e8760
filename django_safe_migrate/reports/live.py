"""What is printed while a run goes on: a progress bar on a terminal, one plain line for each event elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.events import Event
from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports.console import printable
from django_safe_migrate.reports.lines import STAGES, clock, lines_of, stage_of
from django_safe_migrate.reports.terminal import Terminal, terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


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
    """Prints ``12:00:01 execute   shop.0002_x applied in 0.12 s``: whole lines, fit for any log collector."""

    def __init__(self, found: Terminal, verbosity: int) -> None:
        self._stream = found.stream
        self._console = found.console() if found.is_colored else None
        self._verbosity = verbosity

    def __call__(self, event: Event, record: RunRecord) -> None:
        """Print the lines of an event."""
        stage = stage_of(event, record)
        for style, text in lines_of(event, record, self._verbosity):
            self._print(f"{clock(event)} {stage:<9} {printable(text)}", style)
        self._stream.flush()

    def _print(self, line: str, style: str) -> None:
        if self._console is None:
            self._stream.write(f"{line}\n")
        else:
            self._console.print(line, style=style, markup=False, soft_wrap=True)


class Moving(Listener):
    """Prints lines above a progress bar that names the current migration and operation."""

    def __init__(self, found: Terminal, verbosity: int) -> None:
        self._console = found.console()
        self._verbosity = verbosity
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, event: Event, record: RunRecord) -> None:
        """Print the lines of an event, and move the bar."""
        if event.name == events.STAGE_STARTED:
            self._heading(event)
        else:
            for style, text in lines_of(event, record, self._verbosity):
                self._print(f"  {printable(text)}", style)
        self._move(event, record)

    def close(self) -> None:
        """Take the bar away; a later event brings it back."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _heading(self, event: Event) -> None:
        name = event.payload["stage"]
        self._print(STAGES.get(name, name), "bold")

    def _print(self, line: str, style: str) -> None:
        """Print above the bar; a style given to ``print`` itself would colour the bar too."""
        from rich.text import Text

        self._console.print(Text(line, style=style), soft_wrap=True)

    def _move(self, event: Event, record: RunRecord) -> None:
        if event.name in {events.STAGE_STARTED, events.STAGE_FINISHED, events.RUN_FINISHED}:
            self.close()
        if self._progress is None and event.name != events.STAGE_FINISHED:
            self._show(event, record)
        if self._progress is not None and self._task is not None:
            self._progress.update(
                self._task,
                completed=len(record.steps_done),
                description=_current(event, record),
                # Operations are drawn by the clock of the bar: drawing each of thousands would take longer than they do.
                refresh=event.name == events.STEP_STARTED,
            )

    def _show(self, event: Event, record: RunRecord) -> None:
        """Show the bar: of migrations while they are carried out, else one that only says that something goes on."""
        if record.status != "running":
            return
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.table import Column

        counts = stage_of(event, record) == "execute"
        done = TextColumn("{task.completed:.0f} of {task.total:.0f}") if counts else TextColumn("")
        what = TextColumn(
            "{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True)
        )
        bar = [BarColumn(bar_width=24), done] if counts else []
        self._progress = Progress(
            SpinnerColumn(),
            *bar,
            TimeElapsedColumn(),
            what,
            console=self._console,
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task("", total=len(record.steps) if counts else None)
        self._progress.start()


def _current(event: Event, record: RunRecord) -> str:
    """The migration and operation under way, for the bar."""
    if "index" not in event.payload or event.name == events.STEP_FINISHED:
        return ""
    step = record.steps[event.payload["index"]]
    operation = (
        event.payload.get("description", "") if event.name == events.OPERATION_STARTED else ""
    )
    return printable(f"{step.label}  {operation}")
