"""Adding up who waited for us: how many sessions, how long the longest of them, and how that went over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django_safe_migrate.databases.activity import Wait

#: Points that a timeline has at most; when there are more, each two neighbours become one.
MOST_POINTS = 60


class Waits:
    """The sessions that waited for ours, as the samples showed them; a wait that began and ended between two samples is not seen."""

    def __init__(self) -> None:
        #: The longest time in seconds that any session was seen waiting.
        self.longest = 0.0
        #: The most sessions that waited at the same time.
        self.most = 0
        #: How many waits there were; a session that waited twice counts twice.
        self.count = 0
        self.now: tuple[Wait, ...] = ()
        self._most_lately, self._longest_lately = 0, 0.0

    def add(self, waits: Sequence[Wait]) -> None:
        """Add what one sample showed."""
        before = {wait.session: wait.seconds for wait in self.now}
        # A wait that goes on has become longer; one that is shorter than before is another one.
        self.count += sum(
            1 for wait in waits if wait.session not in before or wait.seconds < before[wait.session]
        )
        self.now = tuple(waits)
        self.most = max(self.most, len(waits))
        self.longest = max(self.longest, self.longest_now)
        self._most_lately = max(self._most_lately, len(waits))
        self._longest_lately = max(self._longest_lately, self.longest_now)

    def worst_lately(self) -> tuple[int, float]:
        """Return the most sessions and the longest wait since this was last asked."""
        worst = self._most_lately, self._longest_lately
        self._most_lately, self._longest_lately = 0, 0.0
        return worst

    @property
    def longest_now(self) -> float:
        """The longest time in seconds that any session has been waiting until now."""
        return max((wait.seconds for wait in self.now), default=0.0)


class Timeline:
    """Points in time, few enough to be printed: second of the run, sessions waiting, longest wait, answer time of the server."""

    def __init__(self) -> None:
        self._points: list[list[float]] = []
        self._seconds = 0.0

    def add(self, at: float, waiting: int, longest: float, response: float) -> None:
        """Add a moment; the highest values of a point's span are kept."""
        point = [at, float(waiting), longest, response]
        if self._points and at < self._points[-1][0] + self._seconds:
            self._points[-1] = _merged(self._points[-1], point)
            return
        self._points.append(point)
        if len(self._points) > MOST_POINTS:
            pairs = zip(self._points[::2], [*self._points[1::2], self._points[-1]], strict=False)
            self._points = [_merged(first, second) for first, second in pairs]
            self._seconds = self._points[-1][0] / (MOST_POINTS / 2)

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain data, rounded to milliseconds."""
        return [
            {
                "second": round(at, 1),
                "waiting": int(waiting),
                "longest_wait_seconds": round(longest, 3),
                "response_seconds": round(response, 6),
            }
            for at, waiting, longest, response in self._points
        ]


def _merged(first: list[float], second: list[float]) -> list[float]:
    return [first[0], *(max(pair) for pair in zip(first[1:], second[1:], strict=True))]
