from __future__ import annotations

import pytest

from django_safe_migrate.databases.activity import Progress
from django_safe_migrate.execution.monitoring import eta
from django_safe_migrate.execution.monitoring.eta import Estimate


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(eta.time, "monotonic", lambda: now[0])
    return now


def test_what_is_left_follows_from_how_fast_the_phase_went(clock: list[float]) -> None:
    estimate = Estimate()
    first = estimate.of(Progress("index i on t", "building", 100, 1000))
    assert first == {
        "what": "index i on t",
        "phase": "building",
        "share": 0.1,
        "left_seconds": None,
    }
    clock[0] += 10
    second = estimate.of(Progress("index i on t", "building", 400, 1000))
    assert second is not None
    assert (second["share"], second["left_seconds"]) == (0.4, 20.0)


def test_each_phase_is_measured_by_itself(clock: list[float]) -> None:
    estimate = Estimate()
    estimate.of(Progress("index i on t", "building", 0, 1000))
    clock[0] += 10
    fresh = estimate.of(Progress("index i on t", "validating", 500, 1000))
    assert fresh is not None
    assert fresh["left_seconds"] is None


def test_without_a_total_nothing_is_said_of_the_end(clock: list[float]) -> None:
    estimate = Estimate()
    estimate.of(Progress("copy", "", 5, 0))
    clock[0] += 10
    told = estimate.of(Progress("copy", "", 50, 0))
    assert told is not None
    assert (told["share"], told["left_seconds"]) == (None, None)
    assert estimate.of(None) is None


def test_counters_that_a_phase_left_behind_say_nothing_of_the_next(clock: list[float]) -> None:
    """PostgreSQL keeps the blocks of the scan while it sorts."""
    estimate = Estimate()
    estimate.of(Progress("index i on t", "scanning", 10, 1000))
    done = estimate.of(Progress("index i on t", "scanning", 1000, 1000))
    assert done is not None
    assert done["share"] == 1.0
    sorting = estimate.of(Progress("index i on t", "sorting", 1000, 1000))
    assert sorting is not None
    assert (sorting["share"], sorting["left_seconds"]) == (None, None)
    loading = estimate.of(Progress("index i on t", "loading", 100, 500))
    assert loading is not None
    assert loading["share"] == 0.2
