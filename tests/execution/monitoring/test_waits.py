from __future__ import annotations

from django_safe_migrate.databases.activity import Wait, waiting_for
from django_safe_migrate.execution.monitoring.waits import MOST_POINTS, Timeline, Waits


def wait(session: str, seconds: float, *blocked_by: str) -> Wait:
    return Wait(session, seconds, blocked_by)


def test_who_waits_for_somebody_who_waits_for_us_waits_for_us() -> None:
    waits = [
        wait("b", 2.0, "us"),
        wait("d", 0.5, "c", "x"),
        wait("c", 1.0, "b"),
        wait("y", 9.0, "x"),
        wait("us", 3.0, "x"),
    ]
    assert {one.session for one in waiting_for("us", waits)} == {"b", "c", "d"}


def test_sessions_that_wait_for_each_other_are_each_told_once() -> None:
    waits = [wait("a", 1.0, "us", "b"), wait("b", 1.0, "a"), wait("us", 1.0, "a")]
    assert [one.session for one in waiting_for("us", waits)] == ["a", "b"]


def test_a_wait_that_goes_on_is_one_and_a_new_one_is_another() -> None:
    waits = Waits()
    for sample in (
        [wait("a", 0.2)],
        [wait("a", 0.5), wait("b", 0.1)],
        [],
        [wait("a", 0.1)],
        [wait("a", 0.05)],
    ):
        waits.add(sample)
    assert (waits.count, waits.most, waits.longest, waits.longest_now) == (4, 2, 0.5, 0.05)
    assert waits.worst_lately() == (2, 0.5)
    assert waits.worst_lately() == (0, 0.0)


def test_a_timeline_keeps_the_worst_and_stays_short() -> None:
    timeline = Timeline()
    for second in range(1000):
        timeline.add(float(second), 7 if second == 503 else 1, second / 1000, 0.001)
    points = timeline.to_json()
    assert 10 < len(points) <= MOST_POINTS
    assert max(point["waiting"] for point in points) == 7
    assert points[0]["second"] == 0
    assert points[-1]["longest_wait_seconds"] == 0.999
    assert [point["second"] for point in points] == sorted(point["second"] for point in points)
