"""How fast a server reads, writes and builds indexes: assumed, or seen on a small sample."""

from __future__ import annotations

import dataclasses
import math
import time


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """
    Bytes in a second: of rows that are read, of rows that are written, and of indexes that are built from rows already read.

    The last is that of an index of ``SAMPLE_ROWS``; see ``sorting_times`` for more rows.

    ``number_times`` says how many times longer an index takes whose keys are all numbers, byte for byte; ``changed_times`` how many
    times longer entries that are added for changed rows, each at its own place. ``measured`` says that they were seen on this server.
    """

    scan: float
    write: float
    index: float
    measured: bool = False
    number_times: float = 1.0
    changed_times: float = 1.0

    def index_seconds(self, count: int, rows: int) -> float:
        """Return how long it takes to build so many bytes of indexes of a table with so many rows."""
        return count * sorting_times(rows) / self.index


#: What a small and busy server does with data that no cache holds; few are slower.
ASSUMED = Rates(scan=50e6, write=10e6, index=5e6)
#: No table that is worth an estimate fits into the caches that a sample fits into: no rate above these is believed.
FASTEST = Rates(scan=1000e6, write=200e6, index=100e6)

#: How many bytes of a table are read at most.
READ_BYTES = 8_000_000
#: Rows of the temporary table that are made, which takes longer than to write them, and which is not measured.
MADE_ROWS = 15_000
#: How often these are copied within the table: that is measured, as it is what a change of a table does.
COPIES = 2
#: Rows of the temporary table at the end: about 6 MB.
SAMPLE_ROWS = MADE_ROWS * (1 + COPIES)
#: No part of a measurement takes longer, in seconds.
LONGEST = 0.25
#: The temporary table, which nobody else sees.
SAMPLE_TABLE = "safe_migrate_sample"


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """So many bytes in so many seconds."""

    bytes: int
    seconds: float

    @classmethod
    def since(cls, started: float, count: int) -> Sample:
        """Return a sample that began at a moment of ``time.perf_counter`` and ends now."""
        return cls(count, time.perf_counter() - started)

    def times(self, factor: float) -> Sample:
        """Return a sample of the same bytes that took so many times longer."""
        return Sample(self.bytes, self.seconds * factor)

    def rate(self, fastest: float) -> float:
        """Return bytes in a second, at most so many."""
        return min(fastest, self.bytes / max(self.seconds, 1e-6))


def rates_of(
    scan: Sample,
    write: Sample,
    index: Sample,
    *,
    number_times: float = 1.0,
    changed_times: float = 1.0,
) -> Rates:
    """Return the rates that samples stand for: of reading a table, and of writing and indexing one as the server does in earnest."""
    return Rates(
        scan=scan.rate(FASTEST.scan),
        write=write.rate(FASTEST.write),
        index=index.rate(FASTEST.index),
        measured=True,
        number_times=number_times,
        changed_times=changed_times,
    )


def sorting_times(rows: int) -> float:
    """
    How many times longer an entry of an index of so many rows takes than one of the sample's, at least 1.

    Entries are sorted, and that takes the number of rows times its logarithm.
    """
    return math.log(max(rows, SAMPLE_ROWS)) / math.log(SAMPLE_ROWS)
