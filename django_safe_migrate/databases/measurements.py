"""What is measured or estimated of a server and its tables: sizes, rates, response times."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db.utils import DatabaseError

from django_safe_migrate.databases.answers import TableSize
from django_safe_migrate.databases.rates import ASSUMED, Rates

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: The server's estimate of rows, None where it has none; bytes of the rows; bytes of the indexes.
OnDisk = tuple[int | None, int, int]

#: Tables up to this size are counted, up to so many rows: the server's estimates of small tables are the worst, and counting takes
#: a few hundredths of a second.
COUNTED_BYTES = 8_000_000
COUNTED_ROWS = 100_000
#: Where nothing is known of a large table's rows.
USUAL_ROW_BYTES = 100

#: What was measured in this process, by database.
_measured: dict[tuple[str, ...], Rates] = {}


class Measurements:
    """The part of ``Database`` that measures; works on any vendor, and knows nothing of sizes and rates."""

    connection: BaseDatabaseWrapper

    if TYPE_CHECKING:

        def ask_if_permitted(
            self, sql: str, params: Sequence[Any] = ()
        ) -> list[tuple[Any, ...]] | None: ...

        def is_refusal(self, error: BaseException) -> bool: ...

    # --- sizes --------------------------------------------------------------------------------------------------------------

    def table_sizes(self, tables: Iterable[str]) -> dict[str, TableSize]:
        """
        Rows and bytes of those of these tables that exist and are known; partitioned tables with all their partitions.

        The server is asked once for all; small tables are counted, each by a query that stops at ``COUNTED_ROWS``.
        """
        names = list(tables)
        found = self._sizes_on_disk(names) if names else {}
        return {table: self._size(table, *size) for table, size in found.items()}

    def _sizes_on_disk(self, tables: Sequence[str]) -> dict[str, OnDisk]:
        return {}

    def _size(self, table: str, rows: int | None, data: int, index: int) -> TableSize:
        if rows is not None and data > COUNTED_BYTES:
            return TableSize(rows, False, data, index)
        counted = self.rows_up_to(table, COUNTED_ROWS)
        if counted is None or counted == COUNTED_ROWS:
            usual = data // USUAL_ROW_BYTES if rows is None else rows
            return TableSize(max(usual, counted or 0), False, data, index)
        return TableSize(counted, True, data, index)

    def rows_up_to(self, table: str, limit: int) -> int | None:
        """Count rows, stopping at a limit; None where that is not permitted, or the table is in another schema."""
        if "." in table:
            return None
        quoted = self.connection.ops.quote_name(table)
        rows = self.ask_if_permitted(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM {quoted} LIMIT {int(limit)}) part"  # noqa: S608 - quoted
        )
        return int(rows[0][0]) if rows else None

    # --- rates --------------------------------------------------------------------------------------------------------------

    def rates(self, table: str) -> Rates:
        """
        How fast this server is, measured once in a process, within about half a second.

        A part of ``table``, which should be a large one, is read, and a few MB are written to a temporary table, which gets an index.
        Nothing that anybody else can see is touched by that, before, during or after: the table is the session's own, its transaction
        is rolled back, and with the session it would be gone in any case. No setting of the session is changed.

        Not measured inside of a transaction, which might fail by it, nor where the role may not read the table or make a temporary
        one, as on a standby; nor where the server is busy enough to need longer. Then the rates are the assumed ones.
        """
        settings = self.connection.settings_dict
        key = tuple(str(settings.get(name) or "") for name in ("ENGINE", "NAME", "HOST", "PORT"))
        key = (self.connection.alias, *key)
        if key not in _measured:
            rates = self._rates_if_permitted(table)
            if not rates.measured:
                return rates
            _measured[key] = rates
        return _measured[key]

    def _rates_if_permitted(self, table: str) -> Rates:
        if self.connection.in_atomic_block or not self.connection.get_autocommit():
            return ASSUMED
        try:
            return self._sampled_rates(table)
        except DatabaseError as error:
            if not (self.is_refusal(error) or self._ends_measurement(error)):
                raise
            return ASSUMED

    def _sampled_rates(self, table: str) -> Rates:
        return ASSUMED

    def _ends_measurement(self, error: BaseException) -> bool:
        """Whether an error only says that a sample is not to be had: read-only, no room, or not in time."""
        return False

    # --- response -----------------------------------------------------------------------------------------------------------

    #: The smallest query that the server answers.
    smallest_query = "SELECT 1"

    def response_seconds(self, repeat: int = 5) -> float:
        """The median round trip of the smallest query, in seconds."""
        samples = sorted(self._round_trip() for _ in range(repeat))
        return samples[len(samples) // 2]

    def _round_trip(self) -> float:
        with self.connection.cursor() as cursor:
            started = time.perf_counter()
            cursor.execute(self.smallest_query)
            cursor.fetchone()
            return time.perf_counter() - started
