"""Which points of a run are tried when there are more than fit."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.kill_matrix.finishing import RESUME, REVERT
from tests.kill_matrix.states import Reference

#: Most of a run is reading; what matters most happens in this stage.
EXECUTE_SHARE = 0.75
#: Every so many tasks what is half done is undone instead of finished.
REVERT_EVERY = 4


def all_points(reference: Reference) -> list[int]:
    """Return the number of every point."""
    return list(range(1, len(reference.points) + 1))


def spread(reference: Reference, count: int, stage: str = "execute") -> list[int]:
    """Return points of a run: the ends of stages, and the others evenly, most of them in one stage."""
    names = reference.points
    ends = [number for number, name in enumerate(names, 1) if "event: stage_" in name]
    first, last = bounds(reference, stage)
    inside = list(range(first, last + 1))
    outside = [number for number in all_points(reference) if not first <= number <= last]
    rest = max(0, count - len(ends))
    chosen = {*ends, *evenly(inside, round(rest * EXECUTE_SHARE))}
    chosen |= {*evenly(outside, count - len(chosen))}
    return sorted(chosen)


def bounds(reference: Reference, stage: str) -> tuple[int, int]:
    """Return the first and the last point of a stage."""
    names = reference.points
    first = names.index(f"before event: stage_started {stage}") + 1
    return first, names.index(f"after event: stage_finished {stage}") + 1


def evenly(numbers: Sequence[int], count: int) -> list[int]:
    """Return so many of the numbers, at equal distances."""
    if count <= 0 or not numbers:
        return []
    step = max(1.0, len(numbers) / count)
    return [numbers[int(place * step)] for place in range(min(count, len(numbers)))]


def at_points(numbers: Sequence[int], action: str, *, backup: bool = False) -> list[dict[str, Any]]:
    """Return the tasks that disturb a run at these points."""
    return [
        {
            "number": number,
            "action": action,
            "way": REVERT if place % REVERT_EVERY == 0 else RESUME,
            "backup": backup,
        }
        for place, number in enumerate(numbers)
    ]


def at_random(count: int, seconds: float, seed: str) -> list[dict[str, Any]]:
    """Return tasks that kill a run after some part of the time that it takes."""
    numbers = random.Random(seed)  # noqa: S311
    return [
        {
            "number": None,
            "action": "random",
            "delay": numbers.uniform(0.0, seconds),
            "way": REVERT if place % REVERT_EVERY == 0 else RESUME,
            "backup": False,
        }
        for place in range(count)
    ]
