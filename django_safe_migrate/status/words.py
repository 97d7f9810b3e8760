"""A status in words: the line of state, and how long ago things were."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.record import CRASHED, RUNNING
from django_safe_migrate.reports import units
from django_safe_migrate.status.contents import HELD, Progress, RunSummary, Status
from django_safe_migrate.status.runs import since

_ENDED = {CRASHED: "was killed", "interrupted": "was interrupted"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def headline(status: Status) -> str:
    """Return the state in one line."""
    name = f"{status.database} ({status.server})"
    return f"{name}: {', '.join(_claims(status))}"


def _claims(status: Status) -> Iterator[str]:
    if status.unreachable:
        yield "cannot be reached"
    else:
        yield f"{len(status.pending):,} pending" if status.pending else "nothing pending"
    if status.half_done:
        yield f"{len(status.half_done):,} half done"
    if status.ghosts:
        yield units.number(len(status.ghosts), "ghost")
    if status.problems:
        yield units.number(len(status.problems), "problem")
    yield _running(status)
    yield _last_run(status)


def _running(status: Status) -> str:
    if status.under_way:
        return f"run {status.under_way[0].run.id[:8]} under way ({place(status.under_way[0])})"
    if status.lock.state == HELD:
        return f"run lock held by {status.lock.detail}"
    return "nothing running"


def _last_run(status: Status) -> str:
    ended = [run for run in status.runs if run.status != RUNNING]
    if not ended:
        return "no run before" if status.under_way else "no run yet"
    last = ended[0]
    # Of a killed run only the last event is known, which may be long before its end.
    seen = ", last seen" if last.status == CRASHED else ""
    return f"last run {ending(last)}{seen} {ago(last.finished_at or last.started_at)}"


def ending(run: RunSummary) -> str:
    """Say how a run ended."""
    return _ENDED.get(run.status, run.status)


def place(progress: Progress) -> str:
    """Say where a run is: stage, migration, and how long it has been going on."""
    parts = [progress.stage, progress.migration, units.duration(progress.seconds)]
    return ", ".join(part for part in parts if part)


def ago(moment: str) -> str:
    """Return how long ago a moment was, in its largest unit; empty for none."""
    if not moment:
        return ""
    seconds = int(since(moment))
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{units.number(seconds // length, unit)} ago"
    return "just now"
