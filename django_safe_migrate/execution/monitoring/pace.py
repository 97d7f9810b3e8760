"""How often the monitor looks: often enough to see who is in the way before a timeout strikes, seldom enough to cost nothing."""

from __future__ import annotations

import collections
import time

#: Seconds between two looks at who waits for whom, and between two looks at everything else.
LOOK_EVERY = 0.25
MEASURE_EVERY = 1.0
#: Looks take at most one part in so many of the time, and so do measurements: both together less than a hundredth.
LOOKS_SHARE = 200
MEASUREMENTS_SHARE = 300
#: Looks that a wait gets before its timeout strikes, and the least when looks are slow.
LOOKS_PER_TIMEOUT = 5
LEAST_LOOKS_PER_TIMEOUT = 2
#: How long a look takes is told by the quickest of so many: the others had to wait for a busy machine, and cost no more than this one.
_REMEMBERED = 5


class Pace:
    """When to look again."""

    def __init__(self) -> None:
        self._looks: collections.deque[float] = collections.deque(maxlen=_REMEMBERED)
        # The very first are slow, since the server reads its catalogues for them: as if one before had taken no time.
        self._measurements = collections.deque([0.0], maxlen=_REMEMBERED)
        self._next_measurement = 0.0
        #: Seconds that all looks and measurements took together.
        self.spent = 0.0

    def looked(self, seconds: float) -> None:
        """Say how long a look at the waits took."""
        self._looks.append(seconds)
        self.spent += seconds

    def measured(self, seconds: float) -> None:
        """Say how long a measurement of everything else took."""
        self._measurements.append(seconds)
        self.spent += seconds
        pause = max(MEASURE_EVERY, MEASUREMENTS_SHARE * min(self._measurements))
        self._next_measurement = time.monotonic() + pause

    def is_time_to_measure(self) -> bool:
        """Whether the next measurement is due."""
        return time.monotonic() >= self._next_measurement

    def pause(self, lock_timeout: float | None) -> float:
        """Return the seconds until the next look, when statements wait for locks at most so long."""
        cheap = LOOKS_SHARE * min(self._looks, default=0.0)
        if lock_timeout is None:
            return max(LOOK_EVERY, cheap)
        usual = min(LOOK_EVERY, lock_timeout / LOOKS_PER_TIMEOUT)
        return max(usual, min(cheap, lock_timeout / LEAST_LOOKS_PER_TIMEOUT))
