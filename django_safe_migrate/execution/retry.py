"""How long to wait between attempts, and when to give up."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable

FIRST_WAIT = 0.25
LONGEST_WAIT = 10.0
#: After so many doublings the bound is the longest wait anyway, and a float has an end.
_MOST_DOUBLINGS = 16


@dataclasses.dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most so many attempts, within so many seconds."""

    attempts: int
    max_wait: float


class Attempts:
    """
    Counts the attempts at one thing and sleeps between them.

    Exponential backoff with full jitter: each wait is random between nothing and a bound that doubles, so that processes that failed together do not
    try again together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Where others queue behind an attempt, they
    then have at least as long as it lasted to themselves.

    Args:
        policy: when to give up.
        sleep: sleeps for so many seconds; the second argument is for how many at most, if it knows why to go on sleeping.
        fair: whether others queue behind an attempt.
    """

    def __init__(
        self, policy: RetryPolicy, sleep: Callable[[float, float], None], *, fair: bool = False
    ) -> None:
        self._policy = policy
        self._sleep = sleep
        self._fair = fair
        self._started = self._attempt_began = time.monotonic()
        self.number = 1

    @property
    def seconds(self) -> float:
        """Seconds since the first attempt began."""
        return time.monotonic() - self._started

    def next_wait(self) -> float | None:
        """Return the seconds to wait before the next attempt, or None when there shall be none."""
        if self.number >= self._policy.attempts:
            return None
        doublings = min(self.number - 1, _MOST_DOUBLINGS)
        bound = min(LONGEST_WAIT, FIRST_WAIT * 2.0**doublings)
        wait = random.uniform(bound / 10, bound)  # noqa: S311 - not for secrets
        if self._fair:
            wait = max(wait, min(LONGEST_WAIT, time.monotonic() - self._attempt_began))
        return wait if self.seconds + wait <= self._policy.max_wait else None

    def wait(self, seconds: float) -> None:
        """Count the attempt that follows, and sleep before it."""
        self.number += 1
        self._sleep(seconds, max(seconds, min(LONGEST_WAIT, self._policy.max_wait - self.seconds)))
        self._attempt_began = time.monotonic()
