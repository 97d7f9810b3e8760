"""The response time before and after: measured always, a finding only when it is grossly worse."""

from __future__ import annotations

import dataclasses

import pytest

from django_safe_migrate.verification import measure
from django_safe_migrate.verification.performance import _slower
from tests.verification.scene import Scene, found, looked_at


def test_it_is_measured(scene: Scene) -> None:
    plan = scene.plan(scene.migration("shop.0002", []))
    baseline = measure(scene.database, scene.settings, plan=plan, state=scene.state)
    baseline = dataclasses.replace(baseline, response_seconds=0.0123)
    result = scene.verify(plan, baseline)
    assert looked_at(result, "performance").startswith(
        "The median response time before the run (12.30 ms) and after it ("
    )
    assert found(result, "performance") == []


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        (0.020, 0.101, ["slower_response"]),
        (0.020, 0.100, []),
        (0.001, 0.049, []),
        (0.001, 0.051, ["slower_response"]),
    ],
)
def test_only_gross_differences_matter(before: float, after: float, rules: list[str]) -> None:
    assert [finding.rule for finding in _slower(before, after)] == rules
