"""What came of a run: the worst stall, the share of the time in which requests waited, and how long the migration took."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.stalls.tools import LOCK_TIMEOUT

if TYPE_CHECKING:
    from benchmarks.stalls.clients import Request, Traffic
    from benchmarks.stalls.run import Moments

#: Seconds beyond the lock timeout that a request may wait.
MARGIN = 0.2
#: A request that takes so many seconds has waited for more than the server's work.
WAITING = 0.2
#: Characters of a tool's last words that are kept.
LAST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    One run of one tool, in seconds.

    ``worst`` is the longest that any request took, ``control_worst`` the same on a table that nobody touched: what the machine did. ``p99`` is of
    all moments at which a request was due, from the first wait for the lock until the command and the blocker have ended.
    ``waiting_seconds`` is how much of that time, ``window``, at least one request waited, of those that took longer than ``WAITING``; ``stalls`` is
    how often that was. ``done_after`` counts from the blocker's leaving to the last change, ``ended_after`` to the end of the command; negative
    when it came first.
    """

    tool: str
    worst: float
    p99: float
    control_worst: float
    window: float
    waiting_seconds: float
    stalls: int
    requests: int
    failed: int
    failures: tuple[str, ...]
    blocker_failure: str
    is_done: bool
    statuses: tuple[int, ...]
    done_after: float | None
    ended_after: float
    total: float
    last_words: str

    @property
    def failed_in_all(self) -> int:
        """The requests that failed, and the blocker's transaction when somebody ended it."""
        return self.failed + bool(self.blocker_failure)

    @property
    def met(self) -> bool:
        """Whether no request failed, the worst was no longer than permitted, and the migration was done."""
        return self.is_done and not self.failed_in_all and self.worst <= LOCK_TIMEOUT + MARGIN

    def to_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "met": self.met}


def judge(tool: str, traffic: Traffic, moments: Moments, *, is_done: bool, output: str) -> Outcome:
    """Return the outcome of a run from what was measured in it."""
    sent = [one for one in traffic.requests if one.sent is not None]
    failed = [one for one in sent if one.error]
    first = moments.started if moments.waited is None else moments.waited
    last = max(moments.released, moments.ended)
    due = [one.seconds for one in traffic.requests if first <= one.due <= last]
    waits = waiting_times(sent, first, last)
    return Outcome(
        tool=tool,
        worst=max(one.seconds for one in sent),
        p99=percentile(due, 99),
        control_worst=max(one.seconds for one in traffic.control),
        window=last - first,
        waiting_seconds=sum(end - begin for begin, end in waits),
        stalls=len(waits),
        requests=len(sent),
        failed=len(failed),
        failures=tuple(sorted({one.error for one in failed})),
        blocker_failure=moments.blocker_error,
        is_done=is_done,
        statuses=tuple(moments.statuses),
        done_after=None if moments.applied is None else moments.applied - moments.released,
        ended_after=moments.ended - moments.released,
        total=moments.ended - moments.started,
        last_words=output[-LAST_WORDS:],
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of some values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def waiting_times(
    requests: Iterable[Request], first: float, last: float
) -> list[tuple[float, float]]:
    """Return when at least one request was waiting, as times that do not touch each other, between two moments."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(
        (max(first, one.sent), min(last, one.ended))
        for one in requests
        if one.sent is not None and one.seconds > WAITING
    ):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif begin < end:
            found.append((begin, end))
    return found


def table(server: str, outcomes: Sequence[Outcome]) -> str:
    """Return the medians of each tool's runs as a table of markdown; the worst of the worst stalls is in brackets."""
    lines = [
        "| Database | Tool | Runs | Worst stall | p99 | Control | Time with waits | Stalls | Failed | Done | Done after | Ended after | Goal |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    names = list(dict.fromkeys(one.tool for one in outcomes))
    return "\n".join(
        [*lines, *(_line(server, [one for one in outcomes if one.tool == name]) for name in names)]
    )


def _line(server: str, runs: Sequence[Outcome]) -> str:
    done = [one.done_after for one in runs if one.done_after is not None]
    worst = [one.worst for one in runs]
    met = sum(one.met for one in runs)
    cells = [
        server,
        runs[0].tool,
        str(len(runs)),
        f"{statistics.median(worst):.2f} s ({max(worst):.2f})",
        f"{statistics.median(one.p99 for one in runs):.2f} s",
        f"{statistics.median(one.control_worst for one in runs):.2f} s",
        f"{statistics.median(one.waiting_seconds for one in runs):.1f} of {statistics.median(one.window for one in runs):.1f} s",
        f"{statistics.median(one.stalls for one in runs):g}",
        str(sum(one.failed_in_all for one in runs)),
        f"{sum(one.is_done for one in runs)} of {len(runs)}",
        f"{statistics.median(done):+.1f} s" if done else "",
        f"{statistics.median(one.ended_after for one in runs):+.1f} s",
        "met" if met == len(runs) else f"met by {met}" if met else "missed",
    ]
    return f"| {' | '.join(cells)} |"
