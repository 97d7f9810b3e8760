"""Which migrations of a plan the ``START_AFTER`` setting exempts, so that a grown project need not answer for its past."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_safe_migrate.plan import Plan

_NUMBER = re.compile(r"\d+")


def exempted(plan: Plan, start_after: Mapping[str, str]) -> frozenset[str]:
    """Return the labels of migrations up to and including those of the setting, which are full names or their beginnings."""
    labels: set[str] = set()
    for app_label, last in start_after.items():
        # In the order of the graph, whatever the direction of the plan.
        steps = plan.steps[::-1] if plan.backwards else plan.steps
        names = [step.name for step in steps if step.app_label == app_label]
        count = next(
            (place for place, name in enumerate(names, start=1) if name.startswith(last)), None
        )
        old = (
            names[:count]
            if count is not None
            else [name for name in names if _is_numbered_before(name, last)]
        )
        labels.update(f"{app_label}.{name}" for name in old)
    return frozenset(labels)


def _is_numbered_before(name: str, last: str) -> bool:
    """The named migration is not in the plan: it is applied already, or the plan stops before it. Numbers tell."""
    numbers = _NUMBER.match(name), _NUMBER.match(last)
    return all(numbers) and int(numbers[0][0]) <= int(numbers[1][0])  # type: ignore[index]
