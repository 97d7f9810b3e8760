"""What the monitor saw, in words: who waited for the run, for whom it waited, and what it used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django_safe_migrate.databases.activity import Blocker
from django_safe_migrate.reports import units
from django_safe_migrate.reports.document import Monitoring

#: Rows of the timeline that a person reads; the JSON report has all of it.
_LINES = 12
_BAR = 24


def headline(monitoring: Monitoring | None) -> str:
    """Return how long others waited, as the end of the report's first line; empty when nobody was watched."""
    if monitoring is None or monitoring.longest_wait_seconds is None:
        return ""
    if not monitoring.most_waiting:
        return "; nobody was seen waiting for it"
    return f"; others waited for it at most {units.duration(monitoring.longest_wait_seconds)}"


def now(seen: Mapping[str, Any]) -> str:
    """Return what the monitor saw last in a few words, for a line that is drawn again: how far it is, who waits, and for whom it waits."""
    parts = [_progress(seen.get("progress") or {})]
    if seen.get("waiting"):
        waiting = units.number(int(seen["waiting"]), "session waits", "sessions wait")
        parts.append(f"{waiting} for it, {units.duration(seen['longest_wait_now_seconds'])}")
    if seen.get("blockers"):
        parts.append(f"waits for {Blocker(**seen['blockers'][0]).words}")
    return "; ".join(part for part in parts if part)


def _progress(progress: Mapping[str, Any]) -> str:
    if not progress:
        return ""
    share = progress.get("share")
    parts = [str(progress.get("what") or ""), str(progress.get("phase") or "")]
    if share is not None:
        parts.append(f"{share:.0%}")
    if progress.get("left_seconds") is not None:
        parts.append(f"about {units.duration(progress['left_seconds'])} left")
    return ", ".join(part for part in parts if part)


def measurements(monitoring: Monitoring | None) -> Iterator[tuple[str, str]]:
    """Yield what was seen: a name and a value."""
    if monitoring is None:
        return
    yield from _waits(monitoring)
    yield from _costs(monitoring.costs)
    for page in monitoring.pages:
        yield f"Answers of {page.get('url', '')}", _page(page)
    if monitoring.stopped:
        yield "Not watched to the end", monitoring.stopped


def _waits(monitoring: Monitoring) -> Iterator[tuple[str, str]]:
    if monitoring.longest_wait_seconds is None:
        return
    yield "Longest wait of others for this run", _longest(monitoring)
    if monitoring.most_waiting:
        waits = f"{units.number(monitoring.waits, 'wait')}, at most {units.number(monitoring.most_waiting, 'session')} at once"
        yield "Waits of others for this run", waits
    for blocker in monitoring.blockers:
        yield "It had to wait for", Blocker(**blocker).words
    for blocker in monitoring.ended:
        yield "It ended", Blocker(**blocker).words


def _longest(monitoring: Monitoring) -> str:
    if not monitoring.most_waiting:
        return "none was seen"
    return units.duration(monitoring.longest_wait_seconds)


def _costs(costs: dict[str, Any]) -> Iterator[tuple[str, str]]:
    median, peak = costs.get("median_response_seconds"), costs.get("peak_response_seconds")
    if median is not None and peak is not None:
        text = f"median {units.short(median)}, at most {units.short(peak)}"
        yield "Database response time meanwhile", text
    if costs.get("peak_machine_cpu_percent") is not None:
        yield "Peak load of this machine's processors", f"{costs['peak_machine_cpu_percent']:.0f} %"
    for name, label in (
        ("log_bytes", "Written to the server's log meanwhile"),
        ("temporary_bytes", "Temporary files of the database meanwhile"),
        ("least_free_disk_bytes", "Least free disk of the server"),
    ):
        if costs.get(name):
            yield label, units.size(costs[name])
    if costs.get("peak_replica_lag_seconds") is not None:
        yield "Longest lag of a replica", units.duration(costs["peak_replica_lag_seconds"])


def _page(page: dict[str, Any]) -> str:
    parts = [
        f"{moment} {units.short(page[f'{moment}_seconds'])}"
        for moment in ("before", "during", "after")
        if page.get(f"{moment}_seconds") is not None
    ]
    if page.get("failures"):
        failures = units.number(int(page["failures"]), "failure")
        parts.append(f"{failures} of {page.get('visits', 0)}: {page.get('last_failure', '')}")
    return ", ".join(parts) or "not fetched"


def timeline(monitoring: Monitoring | None) -> Iterator[tuple[str, str, str, str]]:
    """Yield some moments: the second, sessions waiting as a bar, their longest wait, the answer time; nothing when nobody ever waited."""
    points = monitoring.timeline if monitoring is not None else ()
    if not any(point.get("waiting") for point in points):
        return
    most = max(int(point["waiting"]) for point in points)
    step = -(-len(points) // _LINES)
    for place in range(0, len(points), step):
        chunk = points[place : place + step]
        waiting = max(int(point["waiting"]) for point in chunk)
        bar = "#" * -(-waiting * _BAR // most)
        yield (
            f"{chunk[0]['second']:.0f} s",
            f"{bar} {waiting}".strip(),
            units.duration(max(point["longest_wait_seconds"] for point in chunk)),
            units.short(max(point["response_seconds"] for point in chunk)),
        )
