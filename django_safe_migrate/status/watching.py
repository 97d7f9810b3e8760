"""Watching a run from another process, by what it writes to its journal or to the history."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db import connections

from django_safe_migrate import events, journal
from django_safe_migrate.databases import get_database
from django_safe_migrate.history import History, sources
from django_safe_migrate.record import CRASHED, RUNNING, RunRecord
from django_safe_migrate.reports import as_json, units
from django_safe_migrate.reports.building import build
from django_safe_migrate.reports.console import printable
from django_safe_migrate.reports.live import SIGN_OF_LIFE
from django_safe_migrate.reports.progress import progress_of
from django_safe_migrate.status import runs, words
from django_safe_migrate.status.contents import FREE, UNKNOWN, LockStatus, Progress

if TYPE_CHECKING:
    from django_safe_migrate.reports.terminal import Terminal

#: Seconds between two looks.
INTERVAL = 1.0
#: What changes all the time is told so often in lines; anything else at once.
NEWS_EVERY = 10.0
#: Of the progress: what says nothing new when it alone has changed.
_CLOCKS = ("seconds", "share", "left_seconds", "left", "meanwhile", "monitoring")


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
    if _has_journal_here(record):
        return runs.as_of_now(record)
    database = get_database(connections[record.database])
    is_free = not database.is_reachable() and runs.lock_status(database).state == FREE
    found = History().find(record.id) or record
    if found.status == RUNNING and is_free:
        sources.mark_crashed(found, sources.last_seen(found))
    return found


def _has_journal_here(record: RunRecord) -> bool:
    return any(file.run_id == record.id for file in journal.journals())


def watch(record: RunRecord, terminal: Terminal, interval: float = INTERVAL) -> None:
    """Show a run until it ends: one place that is drawn again on a terminal, a line for each change elsewhere."""
    stream = terminal.stream
    stream.write(f"{_heading(record)}\n")
    stream.flush()
    if terminal.moves:
        last = _watch_moving(record, terminal, interval)
    else:
        last = _watch_lines(record, interval, lambda record: _print(stream, record))
    stream.write(f"{_ended(last)}\n")
    stream.flush()


def watch_as_json(record: RunRecord | None, stream: Any, interval: float = INTERVAL) -> None:
    """Write a run as lines of JSON until it ends: its progress, and at last its report; without a run only a line that says so."""

    def write(record: RunRecord) -> None:
        told = {"progress": dataclasses.asdict(runs.progress(record))}
        stream.write(as_json.line(as_json.PROGRESS, record.id, events.timestamp(), told))
        stream.flush()

    document = exit_code = failure = None
    if record is not None:
        report = build(_watch_lines(record, interval, write))
        document, exit_code = report.to_json(), report.run.exit_code
        failure = document["failure"]
    stream.write(as_json.report_line(document, events.timestamp(), exit_code, failure))
    stream.flush()


def _watch_lines(
    record: RunRecord, interval: float, tell: Callable[[RunRecord], None]
) -> RunRecord:
    """Tell of a run at each change, of what changes all the time now and then, and at least as often as a log wants a sign of life."""
    shown: tuple[Any, ...] = ()
    news: Any = None
    told_at = 0.0
    for record in follow(record, interval):  # noqa: B020 - the last one is wanted afterwards
        if record.status != RUNNING:
            break
        now, progress = time.monotonic(), runs.progress(record)
        steady = tuple(
            getattr(progress, field.name)
            for field in dataclasses.fields(Progress)
            if field.name not in {"run", *_CLOCKS}
        )
        obstacles = [bool(progress.monitoring.get(key)) for key in ("blockers", "held")]
        steady = (*steady, progress.run.done, *obstacles)
        passed = now - told_at
        is_news = passed >= NEWS_EVERY and progress.monitoring != news
        if steady != shown or is_news or passed >= SIGN_OF_LIFE:
            tell(record)
            shown, news, told_at = steady, progress.monitoring, now
    return record


def _print(stream: Any, record: RunRecord) -> None:
    progress = runs.progress(record)
    stream.write(f"{units.duration(progress.seconds):>10}  {_line(progress)}\n")
    stream.flush()


def _line(progress: Progress) -> str:
    done = f"{progress.run.done} of {progress.run.planned}"
    parts = [progress.stage, f"{done} migrations", progress.migration, _operation(progress)]
    parts += [progress.left, progress.meanwhile]
    return "  ".join(printable(part) for part in parts if part)


def _operation(progress: Progress) -> str:
    scope = f" at the {progress.scope}" if progress.scope else ""
    again = f" (attempt {progress.attempt}{scope})" if progress.attempt > 1 else ""
    return progress.operation + again


def _watch_moving(record: RunRecord, terminal: Terminal, interval: float) -> RunRecord:
    from django_safe_migrate.reports.bar import live_bar

    with live_bar(terminal.console(), lambda: progress_of(record)):
        for record in follow(record, interval):  # noqa: B007, B020 - what the bar draws, and the last one is wanted afterwards
            pass
    return record


def _heading(record: RunRecord) -> str:
    """Which run it is, and from where it is seen."""
    run = runs.summary(record)
    text = f"{run.kind} {run.id} on {record.database} ({record.server or record.vendor}), by {run.who} on {run.host}, process {run.pid}"
    if not _has_journal_here(record):
        text += "\nIts journal is on another machine: what is seen comes from the history, which is written between migrations."
    return _printable(text)


def _printable(text: str) -> str:
    """Return lines without what would move the cursor."""
    return "\n".join(printable(line) for line in text.splitlines())


def _ended(record: RunRecord) -> str:
    run = runs.summary(record)
    took = "" if record.status == CRASHED else f" after {units.duration(run.seconds)}"
    status = "" if run.exit_code is None else f" with exit status {run.exit_code}"
    text = (
        f"Run {run.id} {words.ending(run)}{took}{status}: {run.done} of {run.planned} migrations."
    )
    if record.error:
        text += f" {printable(run.error)} See: python manage.py migrate_status{runs.on_database(record.database)}"
    return text
