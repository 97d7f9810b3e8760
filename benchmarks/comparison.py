"""
Ratios that a busy machine cannot easily falsify.

What is compared runs in turn, in alternating order, round after round; each round gives one ratio, and the result is the median of the
ratios with their quartiles. A machine that is slow for a while is slow for both sides of a round.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.processes import Measurement

Run = Callable[[], Measurement]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, and their quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        if len(values) < 2:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)

    def to_json(self) -> dict[str, float]:
        return {"median": self.median, "lower_quartile": self.low, "upper_quartile": self.high}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The measurements of one question on one database; the first side is what the others are compared with."""

    database: str
    subject: str
    sides: Mapping[str, Sequence[Measurement]]
    goals: Mapping[str, float] = field(default_factory=dict)

    @property
    def baseline(self) -> str:
        return next(iter(self.sides))

    def seconds(self, side: str) -> Spread:
        return Spread.of([one.seconds for one in self.sides[side]])

    def ratio(self, side: str) -> Spread:
        """Return the ratios of the clock, one for each round."""
        return self._ratio(side, lambda one: one.seconds)

    def cpu_ratio(self, side: str) -> Spread:
        """Return the ratios of the processor time, which other processes disturb less."""
        return self._ratio(side, lambda one: one.cpu_seconds)

    def _ratio(self, side: str, value: Callable[[Measurement], float]) -> Spread:
        pairs = zip(self.sides[self.baseline], self.sides[side], strict=True)
        return Spread.of([value(other) / value(base) for base, other in pairs])

    def to_json(self) -> dict[str, Any]:
        return {
            "database": self.database,
            "subject": self.subject,
            "rounds": len(self.sides[self.baseline]),
            "baseline": self.baseline,
            "sides": {side: self._side_to_json(side) for side in self.sides},
        }

    def _side_to_json(self, side: str) -> dict[str, Any]:
        peaks = [one.peak_rss for one in self.sides[side] if one.peak_rss]
        plain: dict[str, Any] = {"seconds": self.seconds(side).to_json()}
        if side != self.baseline:
            plain["ratio"] = self.ratio(side).to_json()
            plain["cpu_ratio"] = self.cpu_ratio(side).to_json()
        if side in self.goals:
            plain["goal"] = self.goals[side]
            plain["met"] = self.ratio(side).median <= self.goals[side]
        if peaks:
            plain["peak_rss_bytes"] = max(peaks)
        return plain


def interleave(sides: Mapping[str, Run], rounds: int) -> dict[str, list[Measurement]]:
    """Run every side once to warm the caches, then all of them in turn, each round in the opposite order of the last."""
    measured: dict[str, list[Measurement]] = {side: [] for side in sides}
    for run in sides.values():
        run()
    for number in range(rounds):
        order = list(sides) if number % 2 == 0 else list(reversed(sides))
        for side in order:
            measured[side].append(sides[side]())
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return measured


def table(comparisons: Sequence[Comparison]) -> str:
    """Return the comparisons as a table of markdown."""
    lines = [
        "| Database | Subject | Command | Median | Ratio | Quartiles | Processor | Goal |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for comparison in comparisons:
        lines += [_line(comparison, side) for side in comparison.sides]
    return "\n".join(lines)


def _line(comparison: Comparison, side: str) -> str:
    cells = [comparison.database, comparison.subject, f"`{side}`"]
    cells.append(f"{comparison.seconds(side).median:.3f} s")
    if side == comparison.baseline:
        return f"| {' | '.join([*cells, '1', '', '1', ''])} |"
    ratio, goal = comparison.ratio(side), comparison.goals.get(side)
    cells += [f"{ratio.median:.3f}", f"{ratio.low:.3f} to {ratio.high:.3f}"]
    cells.append(f"{comparison.cpu_ratio(side).median:.3f}")
    cells.append("" if goal is None else f"{goal:g}, {'met' if ratio.median <= goal else 'missed'}")
    return f"| {' | '.join(cells)} |"
