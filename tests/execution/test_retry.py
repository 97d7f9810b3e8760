from __future__ import annotations

import pytest

from django_safe_migrate.execution import retry
from django_safe_migrate.execution.retry import FIRST_WAIT, LONGEST_WAIT, Attempts, RetryPolicy


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float, longest: float) -> None:
        assert seconds <= longest
        self.slept.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(retry.time, "monotonic", clock.monotonic)
    return clock


def exhaust(attempts: Attempts) -> int:
    """Try until there is no next attempt, and return how many there were."""
    while (wait := attempts.next_wait()) is not None:
        attempts.wait(wait)
    return attempts.number


def test_there_are_as_many_attempts_as_allowed(clock: Clock) -> None:
    attempts = Attempts(RetryPolicy(5, 1000.0), clock.sleep)
    assert exhaust(attempts) == 5
    assert len(clock.slept) == 4


def test_a_single_attempt_never_waits(clock: Clock) -> None:
    assert Attempts(RetryPolicy(1, 1000.0), clock.sleep).next_wait() is None


def test_waits_stay_below_a_bound_that_doubles_up_to_the_longest(clock: Clock) -> None:
    exhaust(Attempts(RetryPolicy(12, 1000.0), clock.sleep))
    bounds = [min(LONGEST_WAIT, FIRST_WAIT * 2**number) for number in range(11)]
    assert bounds[-1] == LONGEST_WAIT
    for wait, bound in zip(clock.slept, bounds, strict=True):
        assert bound / 10 <= wait <= bound


def test_processes_that_failed_together_do_not_try_again_together(clock: Clock) -> None:
    waits = {Attempts(RetryPolicy(2, 1000.0), clock.sleep).next_wait() for _ in range(20)}
    assert len(waits) > 10


def test_the_attempts_end_before_the_time_is_over(clock: Clock) -> None:
    attempts = Attempts(RetryPolicy(10_000, 60.0), clock.sleep)
    assert exhaust(attempts) < 10_000
    assert attempts.seconds == clock.now <= 60.0


def test_the_time_of_the_attempts_themselves_counts(clock: Clock) -> None:
    attempts = Attempts(RetryPolicy(10, 60.0), clock.sleep)
    clock.now = 60.0
    assert attempts.next_wait() is None


def test_thousands_of_attempts_are_possible(clock: Clock) -> None:
    """The bound must not be computed as 2 to the power of their number, which no float can hold."""
    assert exhaust(Attempts(RetryPolicy(3_000, 1e9), clock.sleep)) == 3_000


def test_others_have_as_long_as_the_attempt_lasted(clock: Clock) -> None:
    attempts = Attempts(RetryPolicy(5, 1000.0), clock.sleep, fair=True)
    clock.now += 2.0
    wait = attempts.next_wait()
    assert wait == 2.0
    attempts.wait(wait)
    clock.now += 60.0
    assert attempts.next_wait() == LONGEST_WAIT
