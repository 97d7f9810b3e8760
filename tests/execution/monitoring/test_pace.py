from __future__ import annotations

from django_safe_migrate.execution.monitoring.pace import LOOK_EVERY, LOOKS_SHARE, Pace


def paced(*looks: float) -> Pace:
    pace = Pace()
    for seconds in looks:
        pace.looked(seconds)
    return pace


def test_quick_looks_follow_each_other_in_the_usual_time() -> None:
    assert paced().pause(None) == LOOK_EVERY
    assert paced(0.001).pause(2.0) == LOOK_EVERY


def test_slow_looks_take_a_small_part_of_the_time() -> None:
    assert paced(0.02, 0.02).pause(None) == 0.02 * LOOKS_SHARE


def test_a_look_that_had_to_wait_for_the_machine_does_not_count() -> None:
    assert paced(0.5, 0.001, 0.3).pause(None) == LOOK_EVERY


def test_a_wait_is_seen_before_its_timeout_strikes() -> None:
    assert paced(0.001).pause(0.2) <= 0.2 / 2
    assert paced(0.5).pause(2.0) == 1.0


def test_what_was_spent_is_added_up() -> None:
    pace = paced(0.25, 0.5)
    assert pace.is_time_to_measure()
    pace.measured(0.25)
    assert not pace.is_time_to_measure()
    assert pace.spent == 1.0
