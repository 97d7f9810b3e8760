"""Watching a run from another process, by what it writes to its journal or to the history."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import connections

from django_safe_migrate import journal
from django_safe_migrate.databases import get_database
from django_safe_migrate.history import History, sources
from django_safe_migrate.record import CRASHED, RUNNING, RunRecord
from django_safe_migrate.reports import units
from django_safe_migrate.reports.console import printable
from django_safe_migrate.status import runs, words
from django_safe_migrate.status.contents import FREE, UNKNOWN, LockStatus, Progress

if TYPE_CHECKING:
    from rich.console import RenderableType

    from django_safe_migrate.reports.terminal import Terminal

#: Seconds between two looks.
INTERVAL = 1.0


def find_run(alias: str) -> RunRecord | None:
    """Return the run that goes on on a database, or None."""
    database = get_database(connections[alias])
    lock = LockStatus(state=UNKNOWN)
    if not database.is_reachable():
        lock = runs.lock_status(database)
    records = runs.read_runs(History(), alias, lock, 10)
    return next((record for record in records if record.status == RUNNING), None)


def follow(record: RunRecord, interval: float = INTERVAL) -> Iterator[RunRecord]:
    """Yield a run as it is now and at every look after that, the last time when it has ended."""
    while True:
        yield record
        if record.status != RUNNING:
            return
        # A session left open would stand in the way of whoever renames the database.
        for connection in connections.all(initialized_only=True):
            connection.close()
        time.sleep(interval)
        record = _look_again(record)


def _look_again(record: RunRecord) -> RunRecord:
    if any(file.run_id == record.id for file in journal.journals()):
        return runs.as_of_now(record)
    database = get_database(connections[record.database])
    is_free = not database.is_reachable() and runs.lock_status(database).state == FREE
    found = History().find(record.id) or record
    if found.status == RUNNING and is_free:
        sources.mark_crashed(found, sources.last_seen(found))
    return found


def watch(record: RunRecord, terminal: Terminal, interval: float = INTERVAL) -> None:
    """Show a run until it ends: one place that is drawn again on a terminal, a line for each change elsewhere."""
    if terminal.moves:
        last = _watch_moving(record, terminal, interval)
    else:
        last = _watch_plain(record, terminal.stream, interval)
    terminal.stream.write(f"{_ended(last)}\n")
    terminal.stream.flush()


def _watch_plain(record: RunRecord, stream: Any, interval: float) -> RunRecord:
    shown = ""
    for record in follow(record, interval):  # noqa: B020 - the last one is wanted afterwards
        progress = runs.progress(record)
        line = _line(progress)
        if line != shown and record.status == RUNNING:
            stream.write(f"{units.duration(progress.seconds):>10}  {line}\n")
            stream.flush()
            shown = line
    return record


def _line(progress: Progress) -> str:
    done = f"{progress.run.done} of {progress.run.planned}"
    parts = [progress.stage, f"{done} migrations", progress.migration, _operation(progress)]
    return "  ".join(printable(part) for part in parts if part)


def _operation(progress: Progress) -> str:
    again = f" (attempt {progress.attempt})" if progress.attempt > 1 else ""
    return progress.operation + again


def _watch_moving(record: RunRecord, terminal: Terminal, interval: float) -> RunRecord:
    from rich.live import Live

    with Live(console=terminal.console(), auto_refresh=False, transient=True) as live:
        for record in follow(record, interval):  # noqa: B020 - the last one is wanted afterwards
            live.update(_panel(runs.progress(record)), refresh=True)
    return record


def _panel(progress: Progress) -> RenderableType:
    from rich.panel import Panel
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    run = progress.run
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    table.add_row("stage", Text(progress.stage, style="bold"))
    table.add_row("migrations", Text(f"{run.done} of {run.planned}"))
    table.add_row("", ProgressBar(total=max(run.planned, 1), completed=run.done, width=40))
    table.add_row("migration", Text(printable(progress.migration)))
    table.add_row("operation", Text(printable(_operation(progress))))
    table.add_row("elapsed", Text(units.duration(progress.seconds)))
    table.add_row("started by", Text(printable(f"{run.who} on {run.host}, process {run.pid}")))
    return Panel(table, title=f"{run.kind} {run.id}", title_align="left", expand=False)


def _ended(record: RunRecord) -> str:
    run = runs.summary(record)
    took = "" if record.status == CRASHED else f" after {units.duration(run.seconds)}"
    text = f"Run {run.id} {words.ending(run)}{took}: {run.done} of {run.planned} migrations."
    if record.error:
        text += f" {printable(run.error)} See: python manage.py migrate_status{runs.on_database(record.database)}"
    return text
