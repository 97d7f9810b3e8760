"""Which tables a plan will lock, as far as its forecasts tell: only who holds those is in its way."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.databases.facts import TableLock


class _ForecastLock(Protocol):
    @property
    def lock(self) -> TableLock: ...


class Foreseen(Protocol):
    """What of a forecast matters here."""

    @property
    def locks(self) -> Collection[_ForecastLock]: ...

    @property
    def unknown(self) -> Collection[object]: ...

    @property
    def waits(self) -> bool: ...


@dataclasses.dataclass(frozen=True, slots=True)
class PlanLocks:
    """
    The locks of a plan, on existing tables.

    ``is_complete``: nothing else is locked; without it any table may be. ``waits``: some statement waits for every older transaction,
    whatever it holds.
    """

    locks: tuple[TableLock, ...] = ()
    is_complete: bool = True
    waits: bool = False

    @property
    def tables(self) -> frozenset[str]:
        """The tables that are known to be locked."""
        return frozenset(lock.table for lock in self.locks)

    def wait_for(
        self, database: Database, held: Iterable[tuple[str, str]] | None
    ) -> tuple[str, ...] | None:
        """
        Return which of somebody's locks (table and mode) the plan has to wait for, in words; None for none.

        Args:
            database: knows which modes exclude each other.
            held: all that is held, None when that is not known; then it may be anything, which is an empty answer.
        """
        if held is None:
            return () if self.locks or self.waits or not self.is_complete else None
        found = tuple(
            f"{mode} on {table}"
            for table, mode in held
            if any(one.table == table and database.conflicts(one, mode) for one in self.locks)
        )
        return found or (() if self.waits else None)


def plan_locks(forecasts: Iterable[Foreseen]) -> PlanLocks:
    """Return the locks that forecasts tell of, all migrations together."""
    locks: dict[TableLock, None] = {}
    is_complete, waits = True, False
    for forecast in forecasts:
        locks |= dict.fromkeys(one.lock for one in forecast.locks)
        waits = waits or forecast.waits
        is_complete = is_complete and not forecast.unknown
    named = tuple(lock for lock in locks if lock.table)
    return PlanLocks(named, is_complete and len(named) == len(locks), waits)
