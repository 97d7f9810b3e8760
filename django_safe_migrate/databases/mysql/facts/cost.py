"""What the actions of an ALTER TABLE cost on InnoDB, and what several of them cost together."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable

from django_safe_migrate.databases.facts import Blocking, TableLock


class Algorithm(enum.IntEnum):
    """How InnoDB carries out a change, from the cheapest to the most expensive; MySQL has no NOCOPY."""

    INSTANT = 0
    NOCOPY = 1
    INPLACE = 2
    COPY = 3


class Metadata(enum.IntEnum):
    """
    The metadata locks of tables, weakest first, of those that facts tell of (MySQL's ``mdl.h``, ``enum_mdl_type``).

    ``ROWS`` stands for the lock of every row, which is none on the table: for those who write it comes before a table's own.
    """

    SHARED_READ = 1
    SHARED_WRITE = 2
    ROWS = 3
    SHARED_UPGRADABLE = 4
    SHARED_NO_WRITE = 5
    EXCLUSIVE = 6


class Lock(enum.IntEnum):
    """The clause LOCK=: what others may do while it lasts; at its start and end every change needs the table alone for a moment."""

    NONE = 0
    SHARED = 1
    EXCLUSIVE = 2

    def on(self, table: str) -> TableLock:
        """Return the lock on a table, with whom it blocks; it is stronger than what a query of the table takes."""
        return TableLock(table, f"LOCK={self.name}", _BLOCKING[self], _STRENGTHS[self])


_BLOCKING = {
    Lock.NONE: Blocking.SCHEMA_CHANGES,
    Lock.SHARED: Blocking.WRITES,
    Lock.EXCLUSIVE: Blocking.READS_AND_WRITES,
}
#: Where these locks stand among the metadata locks: they are SHARED_UPGRADABLE, SHARED_NO_WRITE and EXCLUSIVE.
_STRENGTHS = {
    Lock.NONE: Metadata.SHARED_UPGRADABLE,
    Lock.SHARED: Metadata.SHARED_NO_WRITE,
    Lock.EXCLUSIVE: Metadata.EXCLUSIVE,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """
    What one action costs.

    ``reshapes`` says that rows get another shape, which the server can note down instead of writing them anew; ``indexes`` are those that
    are built; ``others`` the locks on other tables; ``unknown`` and ``refused`` are as in ``Facts``.
    """

    algorithm: Algorithm = Algorithm.INSTANT
    lock: Lock = Lock.NONE
    rebuilds: bool = False
    reshapes: bool = False
    scans: bool = False
    indexes: tuple[str, ...] = ()
    others: tuple[TableLock, ...] = ()
    unknown: str = ""
    refused: str = ""


INSTANT = Cost()
RESHAPE = Cost(reshapes=True)
REBUILD = Cost(algorithm=Algorithm.INPLACE, rebuilds=True)
REBUILD_SHARED = Cost(algorithm=Algorithm.INPLACE, lock=Lock.SHARED, rebuilds=True)
COPY = Cost(algorithm=Algorithm.COPY, lock=Lock.SHARED, rebuilds=True)


def together(costs: Iterable[Cost]) -> Cost:
    """Return the cost of actions in one statement: the most expensive of each thing."""
    found = tuple(costs) or (INSTANT,)
    return Cost(
        algorithm=max(cost.algorithm for cost in found),
        lock=max(cost.lock for cost in found),
        rebuilds=any(cost.rebuilds for cost in found),
        reshapes=any(cost.reshapes for cost in found),
        scans=any(cost.scans for cost in found),
        indexes=tuple(index for cost in found for index in cost.indexes),
        others=tuple(lock for cost in found for lock in cost.others),
        unknown=" ".join(dict.fromkeys(cost.unknown for cost in found if cost.unknown)),
        refused=" ".join(dict.fromkeys(cost.refused for cost in found if cost.refused)),
    )
