"""
How long a statement works on the tables as they are now, and how much disk it needs.

Sizes are asked of the server, seconds come from its rates (``databases.rates``). What is not known is not told: without a database, or
about a table of which the server says nothing, there is no estimate.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.analysis.index_size import is_of_numbers, new_index_bytes
from django_safe_migrate.databases.facts import Catalogue
from django_safe_migrate.databases.rates import ASSUMED
from django_safe_migrate.databases.statements import ChangeRows
from django_safe_migrate.findings import Estimate

if TYPE_CHECKING:
    from django_safe_migrate.analysis.live import Live
    from django_safe_migrate.databases.answers import TableSize
    from django_safe_migrate.databases.facts import Facts
    from django_safe_migrate.databases.rates import Rates

__all__ = ["Estimate", "Weights"]

#: Tables smaller than this are judged by assumed rates, which are never too fast: measuring would take longer than it is worth.
MEASURED_FROM_BYTES = 64_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class _Work:
    """
    What is done to one table, in bytes of rows read, of rows written, and of indexes built.

    ``numbers`` are those of indexes built on numbers alone, ``changed`` those that indexes get for changed rows.
    """

    table: str
    size: TableSize
    read: int = 0
    written: int = 0
    indexed: int = 0
    numbers: int = 0
    changed: int = 0

    def seconds(self, rates: Rates) -> float:
        indexed = (
            rates.index_seconds(self.indexed, self.size.rows)
            + rates.index_seconds(self.numbers, self.size.rows) * rates.number_times
            + self.changed * rates.changed_times / rates.index
        )
        return self.read / rates.scan + self.written / rates.write + indexed

    @property
    def written_bytes(self) -> int:
        return self.written + self.indexed + self.numbers + self.changed


class Weights:
    """
    Weighs facts by the sizes of live tables.

    Args:
        live: who is asked; each table once.
        catalogue: what is known of the columns of these tables.
        rates: seen elsewhere, such as on a copy of the database; None to measure them here when a table is large.
        measured_from: bytes of a table from which on the rates are measured.
    """

    def __init__(
        self,
        live: Live,
        *,
        catalogue: Catalogue | None = None,
        rates: Rates | None = None,
        measured_from: int = MEASURED_FROM_BYTES,
    ) -> None:
        self._live = live
        self._catalogue = catalogue or Catalogue()
        self._given = rates
        self._measured_from = measured_from

    def of(
        self,
        *facts: Facts,
        tables: Collection[str] | None = None,
        live_name: Callable[[str], str] = str,
    ) -> Estimate | None:
        """
        Return what statements cost one after the other, None where that is not known.

        A table that is written anew is read, written and gets all its indexes again; one that is scanned is read; an index that is
        built needs its table read and itself written. What the facts do not name costs nothing, and so do tables that are not there.

        Args:
            facts: of one statement each, under the names that tables have when it is executed.
            tables: only what is done to these; None for all.
            live_name: returns the name that a table has in the database now.
        """
        work: list[_Work] = []
        for one in facts:
            done = self._work(one, tables, live_name)
            if done is None:
                return None
            work += done
        return None if self._live.database is None else self._estimate(work)

    def of_scan(self, tables: Iterable[str]) -> Estimate | None:
        """Return what it costs to read these tables once, None when one of them is not known; names are those of the database."""
        sizes = self._live.sizes(tables)
        if sizes is None:
            return None
        return self._estimate(
            [_Work(table, size, read=size.data_bytes) for table, size in sizes.items()]
        )

    def _work(
        self, facts: Facts, tables: Collection[str] | None, live_name: Callable[[str], str]
    ) -> list[_Work] | None:
        built = [build.table for build in facts.index_builds]
        named = dict.fromkeys((*facts.rewrites, *facts.scans, *built))
        names = {table: live_name(table) for table in named if tables is None or table in tables}
        # Facts without a table are about the whole database, or about nobody knows what.
        if facts.unknown or "" in names:
            return None
        sizes = self._live.sizes(names.values())
        if sizes is None:
            return None
        return [
            self._on_table(facts, table, live, sizes[live])
            for table, live in names.items()
            if live in sizes
        ]

    def _on_table(self, facts: Facts, table: str, live: str, size: TableSize) -> _Work:
        if table in facts.rewrites:
            return _Work(live, size, size.data_bytes, size.data_bytes, size.index_bytes)
        builds = [build for build in facts.index_builds if build.table == table]
        named = sum(bool(build.index) for build in builds)
        new = named * new_index_bytes(size, facts, self._catalogue)
        numbers = new if is_of_numbers(facts, self._catalogue) else 0
        indexed = (len(builds) - named) * size.index_bytes + new - numbers
        # Each index reads the table for itself.
        read = size.data_bytes * (len(builds) + (table in facts.scans))
        if _writes_rows(facts, table):
            return _Work(
                live, size, read, size.data_bytes, indexed, numbers, changed=size.index_bytes
            )
        return _Work(live, size, read, 0, indexed, numbers)

    def _estimate(self, work: Sequence[_Work]) -> Estimate:
        sizes = {one.table: one.size for one in work}
        rates = self._rates(sizes)
        return Estimate(
            seconds=sum(one.seconds(rates) for one in work),
            rows=sum(size.rows for size in sizes.values()),
            bytes=sum(size.data_bytes for size in sizes.values()),
            written_bytes=sum(one.written_bytes for one in work),
            measured=rates.measured,
        )

    def _rates(self, sizes: dict[str, TableSize]) -> Rates:
        if self._given is not None:
            return self._given
        largest = max(sizes, key=lambda table: sizes[table].data_bytes, default="")
        if not largest or sizes[largest].data_bytes < self._measured_from:
            return ASSUMED
        database = self._live.database
        return ASSUMED if database is None else database.rates(largest)


def _writes_rows(facts: Facts, table: str) -> bool:
    """Whether a statement writes as much as it reads of a table, there or, with INSERT, elsewhere; the indexes get each row as well."""
    statement = facts.statement
    if not isinstance(statement, ChangeRows) or statement.conditional:
        return False
    return statement.kind == "insert" or table not in statement.reads
