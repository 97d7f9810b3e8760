"""Sizes of the tables of MariaDB and MySQL, and how fast the server works."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.databases.rates import (
    ASSUMED,
    COPIES,
    LONGEST,
    MADE_ROWS,
    READ_BYTES,
    SAMPLE_ROWS,
    SAMPLE_TABLE,
    Rates,
    Sample,
    rates_of,
)

if TYPE_CHECKING:
    from django_safe_migrate.databases.measurements import OnDisk
    from django_safe_migrate.databases.mysql.database import MySQLDatabase

SIZES = """
    SELECT TABLE_NAME, TABLE_ROWS, DATA_LENGTH, INDEX_LENGTH FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN %s AND DATA_LENGTH IS NOT NULL
"""

#: Stopped in time (MariaDB, MySQL); the server is read-only; no primary key to read by; no room.
NOT_TO_BE_HAD = frozenset({1969, 3024, 1290, 1792, 1836, 1176, 1114, 1021})

#: The bytes of a row of the temporary table, and of an entry of its index, with what InnoDB needs besides them.
_ROW_BYTES = 130
_ENTRY_BYTES = 56
#: How many times longer a row takes in earnest, where it is logged as well; these factors were measured on MariaDB 10.11 by
#: ``benchmarks.estimates``.
WRITTEN_TIMES = 2.5
#: A check looks at a column of each row, which skipping it does not.
SCANNED_TIMES = 1.3
#: For an index a temporary table is copied, entry by entry; that of a real one is built from sorted entries.
INDEXED_TIMES = 0.4
#: An entry costs nearly as much however short it is.
NUMBER_TIMES = 1.3
_DIGITS = "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"


def sizes_on_disk(database: MySQLDatabase, tables: Sequence[str]) -> dict[str, OnDisk]:
    """Rows as the server estimates them, and bytes of the rows and of the indexes; the primary key is where the rows are."""
    asked = {table.casefold(): table for table in tables}
    return {
        # With lower_case_table_names the server has another case.
        table if table in tables else asked[table.casefold()]: (rows, int(data), int(index))
        for table, rows, data, index in database.ask(SIZES, [tuple(tables)])
    }


def sampled_rates(database: MySQLDatabase, table: str) -> Rates:
    """Measure with a temporary table that is dropped; not where that would be written to the binary log, for replicas to repeat."""
    logged, log_format = database.ask("SELECT @@log_bin, @@binlog_format")[0]
    if logged and log_format != "ROW":
        return ASSUMED
    scanned = _scanned(database, table)
    with _sample_table(database):
        return rates_of(
            scanned.times(SCANNED_TIMES),
            _written(database).times(WRITTEN_TIMES),
            _indexed(database).times(INDEXED_TIMES),
            number_times=NUMBER_TIMES,
        )


@contextlib.contextmanager
def _sample_table(database: MySQLDatabase) -> Iterator[None]:
    with database.connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {SAMPLE_TABLE} (id INT PRIMARY KEY, k CHAR(32), rest CHAR(64)) "
            "ENGINE=InnoDB CHARACTER SET latin1"
        )
        try:
            yield
        finally:
            cursor.execute(f"DROP TEMPORARY TABLE {SAMPLE_TABLE}")


def _scanned(database: MySQLDatabase, table: str) -> Sample:
    """Read the first rows of the primary key, which is where InnoDB keeps the rows."""
    rows, data, _ = sizes_on_disk(database, [table])[table]
    row_bytes = max(1, data // max(1, rows or 0))
    wanted = max(1, min(rows or 1, READ_BYTES // row_bytes))
    quoted = database.connection.ops.quote_name(table)
    before, hint = (
        (f"SET STATEMENT max_statement_time = {LONGEST} FOR ", "")
        if database.is_mariadb
        else ("", f"/*+ MAX_EXECUTION_TIME({round(LONGEST * 1000)}) */")
    )
    started = time.perf_counter()
    # Skipped rows are read; counting those of a derived table would store each of them first.
    database.ask(
        f"{before}SELECT {hint} 1 FROM {quoted} FORCE INDEX (PRIMARY) LIMIT 1 OFFSET {wanted - 1}"  # noqa: S608 - quoted
    )
    return Sample.since(started, wanted * row_bytes)


def _written(database: MySQLDatabase) -> Sample:
    """Copy rows within the temporary table, each time with other keys."""
    number = "a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d"
    tables = (
        f"{_DIGITS} a, {_DIGITS} b, {_DIGITS} c, {_DIGITS} d, (SELECT 0 d UNION ALL SELECT 1) e"
    )
    with database.connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {SAMPLE_TABLE} SELECT n, MD5(n), REPEAT(MD5(n), 2) FROM "  # noqa: S608 - constants
            f"(SELECT {number} + 1 n FROM {tables} LIMIT {MADE_ROWS}) numbers"
        )
        cursor.execute(f"SELECT MAX(id) FROM {SAMPLE_TABLE}")  # noqa: S608 - constants
        (step,) = cursor.fetchone()
        started = time.perf_counter()
        for copy in range(1, COPIES + 1):
            cursor.execute(
                f"INSERT INTO {SAMPLE_TABLE} SELECT id + {copy * step}, CONCAT(SUBSTR(k, {8 * copy + 1}), LEFT(k, {8 * copy})), rest "  # noqa: S608
                f"FROM {SAMPLE_TABLE} WHERE id <= {step}"
            )
        return Sample.since(started, COPIES * MADE_ROWS * _ROW_BYTES)


def _indexed(database: MySQLDatabase) -> Sample:
    with database.connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(f"CREATE INDEX k ON {SAMPLE_TABLE} (k)")
        return Sample.since(started, SAMPLE_ROWS * _ENTRY_BYTES)
