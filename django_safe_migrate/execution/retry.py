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
    try again together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    def __init__(self, policy: RetryPolicy, sleep: Callable[[float], None] = time.sleep) -> None:
        self._policy = policy
        self._sleep = sleep
        self._started = time.monotonic()
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
        return wait if self.seconds + wait <= self._policy.max_wait else None

    def wait(self, seconds: float) -> None:
        """Sleep, and count the attempt that follows."""
        self._sleep(seconds)
        self.number += 1
