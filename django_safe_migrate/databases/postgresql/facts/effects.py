"""
What statements do on PostgreSQL, in pieces that are added up.

Lock modes and what they conflict with: PostgreSQL's manual, "Explicit Locking".
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TypeVar

from django_safe_migrate.databases.facts import Blocking, IndexBuild, TableLock

Piece = TypeVar("Piece")


class Mode(enum.IntEnum):
    """PostgreSQL's lock modes of tables, weakest first."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @classmethod
    def of_words(cls, words: str) -> Mode:
        """Return the mode that SQL writes so: ``share row exclusive``; raises ``KeyError`` for any other text."""
        return cls["_".join(words.upper().split())]

    @property
    def words(self) -> str:
        """The mode as SQL writes it: ``SHARE ROW EXCLUSIVE``."""
        return self.name.replace("_", " ")

    @property
    def blocking(self) -> Blocking:
        """Whom it keeps waiting."""
        return _BLOCKING.get(self, Blocking.WRITES)

    def on(self, table: str) -> TableLock:
        """Return the lock on a table in this mode."""
        return TableLock(table, self.words, self.blocking, self.value)


_BLOCKING = {
    Mode.ACCESS_SHARE: Blocking.NOTHING,
    Mode.ROW_SHARE: Blocking.NOTHING,
    Mode.ROW_EXCLUSIVE: Blocking.NOTHING,
    Mode.SHARE_UPDATE_EXCLUSIVE: Blocking.SCHEMA_CHANGES,
    Mode.ACCESS_EXCLUSIVE: Blocking.READS_AND_WRITES,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Facts in the making; the sum of two is what both do together."""

    locks: tuple[tuple[str, Mode], ...] = ()
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    index_builds: tuple[IndexBuild, ...] = ()
    refused_in_transaction: bool = False
    waits_for_transactions: bool = False
    commits: bool = False
    unknown: tuple[str, ...] = ()

    def __add__(self, other: Effects) -> Effects:
        return Effects(
            locks=_union(self.locks, other.locks),
            rewrites=_union(self.rewrites, other.rewrites),
            scans=_union(self.scans, other.scans),
            index_builds=_union(self.index_builds, other.index_builds),
            refused_in_transaction=self.refused_in_transaction or other.refused_in_transaction,
            waits_for_transactions=self.waits_for_transactions or other.waits_for_transactions,
            commits=self.commits or other.commits,
            unknown=_union(self.unknown, other.unknown),
        )

    @property
    def table_locks(self) -> tuple[TableLock, ...]:
        """The strongest lock on each table, in the order of first mention."""
        modes: dict[str, Mode] = {}
        for table, mode in self.locks:
            modes[table] = max(mode, modes.get(table, mode))
        return tuple(mode.on(table) for table, mode in modes.items())


def _union(some: tuple[Piece, ...], more: tuple[Piece, ...]) -> tuple[Piece, ...]:
    return tuple(dict.fromkeys((*some, *more)))


#: What touches no table at all.
NOTHING = Effects()
#: A statement that cannot run in a transaction.
ALONE = Effects(refused_in_transaction=True)
#: A statement that cannot run in a transaction and waits for every older one.
CONCURRENT = Effects(refused_in_transaction=True, waits_for_transactions=True)


def locked(mode: Mode, *tables: str) -> Effects:
    """Tables are locked in one mode."""
    return Effects(locks=tuple((table, mode) for table in tables))


def scanned(*tables: str) -> Effects:
    """Tables are read in full."""
    return Effects(scans=tables)


def rewritten(*tables: str) -> Effects:
    """Tables are written anew, and with them all their indexes."""
    return Effects(rewrites=tables) + built(*tables)


def built(*tables: str, index: str = "") -> Effects:
    """An index is built on tables, every index of them without a name."""
    return Effects(index_builds=tuple(IndexBuild(table, index) for table in tables))


def unsure(reason: str) -> Effects:
    """What else is said is the worst, for a reason; a full sentence."""
    return Effects(unknown=(reason,))


def worst(*tables: str, reason: str) -> Effects:
    """Everything may happen to tables, to the whole database without any."""
    concerned = tables or ("",)
    return locked(Mode.ACCESS_EXCLUSIVE, *concerned) + rewritten(*concerned) + unsure(reason)
