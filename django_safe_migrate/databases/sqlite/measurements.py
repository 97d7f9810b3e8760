"""
Sizes of SQLite's tables, and how fast its file is read and written.

SQLite keeps no sizes: only the module dbstat knows them, by reading all of a table, and not every build has it. So rows are counted up
to a limit and taken from the rowids beyond it, and bytes are those of some rows from both ends of the table.
"""

from __future__ import annotations

import math
import os
import re
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django_safe_migrate.databases.answers import TableSize
from django_safe_migrate.databases.measurements import COUNTED_ROWS
from django_safe_migrate.databases.rates import (
    ASSUMED,
    COPIES,
    MADE_ROWS,
    READ_BYTES,
    SAMPLE_ROWS,
    SAMPLE_TABLE,
    Rates,
    Sample,
    rates_of,
)

if TYPE_CHECKING:
    from django_safe_migrate.databases.sqlite.database import SQLiteDatabase

#: The file cannot be written, somebody else is writing, or there is no room.
NOT_TO_BE_HAD = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}
)

INDEXES = "SELECT l.name, i.name FROM pragma_index_list(%s) l, pragma_index_info(l.name) i"

#: Rows that are looked at from each end of a table.
_LOOKED_AT = 100
#: What a row or an entry needs besides its values, and how full pages are.
_HEADER = 12
_FILLED = 0.9
#: Of an expression in an index.
_USUAL_WIDTH = 16
#: The bytes of a row of the temporary table, and of an entry of its index.
_ROW_BYTES = 110
_ENTRY_BYTES = 56
#: How many times longer it takes in earnest than in the temporary table and on the disk together; fitted on version 3.40 with
#: ``benchmarks.estimates``, where a small sample was slower for each byte than a whole table.
WRITTEN_TIMES = 0.9
#: Assumed, not measured: with a write-ahead log every page is written to that first.
WRITTEN_TIMES_WITH_LOG = 1.8
#: More entries than fit into the cache are sorted in a temporary file.
INDEXED_TIMES = 1.15
#: The block that is written to the disk.
_BLOCK_BYTES = 4_000_000


def table_sizes(database: SQLiteDatabase, tables: Sequence[str]) -> dict[str, TableSize]:
    """Rows and bytes of tables that exist."""
    page = int(database.ask("PRAGMA page_size")[0][0])
    columns = database.table_columns(tables)
    return {
        table: _size(database, table, columns[table], page) for table in tables if columns[table]
    }


def _size(database: SQLiteDatabase, table: str, columns: Sequence[str], page: int) -> TableSize:
    rows, exact = _rows(database, table)
    if not rows:
        return TableSize(0, True, 0, 0)
    widths = _widths(database, table, columns)
    index = sum(_pages(rows, width, page) for width in _entries(database, table, widths))
    return TableSize(rows, exact, _pages(rows, sum(widths.values()) + len(columns), page), index)


def _rows(database: SQLiteDatabase, table: str) -> tuple[int, bool]:
    """Counted, or at most so many: rowids go up one by one, and those of deleted rows are missing."""
    counted = database.rows_up_to(table, COUNTED_ROWS)
    if counted is not None and counted < COUNTED_ROWS:
        return counted, True
    if not _has_rowids(database, table):
        return database.count_rows(table), True
    quoted = database.connection.ops.quote_name(table)
    ends = f"SELECT (SELECT min(rowid) FROM {quoted}), (SELECT max(rowid) FROM {quoted})"  # noqa: S608 - quoted
    first, last = database.ask(ends)[0]
    return int(last) - int(first) + 1, False


def _has_rowids(database: SQLiteDatabase, table: str) -> bool:
    sql = database.ask(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s COLLATE NOCASE", [table]
    )
    return bool(sql) and not re.search(
        r"\)[^)]*WITHOUT\s+ROWID[^)]*\Z", str(sql[0][0]), re.IGNORECASE
    )


def _widths(database: SQLiteDatabase, table: str, columns: Sequence[str]) -> dict[str, float]:
    """The average bytes of each column in the first and the last rows."""
    quote = database.connection.ops.quote_name
    lengths = ", ".join(
        f"avg(coalesce(length(CAST({quote(column)} AS BLOB)), 0))" for column in columns
    )
    some = f"SELECT * FROM (SELECT * FROM {quote(table)} LIMIT {_LOOKED_AT})"  # noqa: S608 - quoted
    if _has_rowids(database, table):
        some += f" UNION ALL SELECT * FROM (SELECT * FROM {quote(table)} ORDER BY rowid DESC LIMIT {_LOOKED_AT})"  # noqa: S608 - quoted
    (found,) = database.ask(f"SELECT {lengths} FROM ({some})")  # noqa: S608 - quoted
    return {column: float(width) for column, width in zip(columns, found, strict=True)}


def _entries(database: SQLiteDatabase, table: str, widths: dict[str, float]) -> Iterable[float]:
    """The bytes of an entry of each index."""
    entries: Counter[str] = Counter()
    for index, column in database.ask(INDEXES, [table]):
        entries[index] += round(widths.get(column, _USUAL_WIDTH))
    return entries.values()


def _pages(rows: int, width: float, page: int) -> int:
    return max(1, math.ceil(rows * (width + _HEADER) / (page * _FILLED))) * page


def sampled_rates(database: SQLiteDatabase, table: str) -> Rates:
    """
    Measure with a temporary table in a transaction that is rolled back, and with a file beside the database that has no name.

    The file is written as SQLite writes: to the disk, not only to its cache. It is gone as soon as it is closed, whoever ends us.
    """
    file = database.file
    if file is None:
        return ASSUMED
    scanned = _scanned(database, table)
    with database.connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            written, indexed = _written(database), _indexed(database)
        finally:
            cursor.execute("ROLLBACK")
    stored = _stored(file.parent)
    if stored is None:
        return ASSUMED
    has_log = database.ask("PRAGMA journal_mode")[0][0] == "wal"
    return rates_of(
        scanned,
        Sample(written.bytes, written.seconds + written.bytes * stored).times(
            WRITTEN_TIMES_WITH_LOG if has_log else WRITTEN_TIMES
        ),
        Sample(indexed.bytes, indexed.seconds + indexed.bytes * stored).times(INDEXED_TIMES),
    )


def _scanned(database: SQLiteDatabase, table: str) -> Sample:
    size = table_sizes(database, [table])[table]
    row_bytes = max(1, size.data_bytes // max(1, size.rows))
    wanted = max(1, min(size.rows, READ_BYTES // row_bytes))
    quote = database.connection.ops.quote_name
    last = quote(database.columns(table)[-1])
    rows = f"FROM {quote(table)} NOT INDEXED"
    if _has_rowids(database, table):
        # Read in place: a part of a query would pass each row on, which takes longer than to read it.
        first = f"(SELECT min(rowid) {rows})"
        sql = f"SELECT count(*), count({last}) {rows} WHERE rowid < {first} + {wanted}"
    else:
        sql = f"SELECT count(*), count({last}) FROM (SELECT {last} {rows} LIMIT {wanted})"  # noqa: S608 - quoted
    started = time.perf_counter()
    ((read, _),) = database.ask(sql)
    # Rowids have gaps.
    return Sample.since(started, max(1, int(read)) * row_bytes)


def _written(database: SQLiteDatabase) -> Sample:
    """Copy rows within the temporary table, each time with other keys."""
    with database.connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {SAMPLE_TABLE} (id integer PRIMARY KEY, k text, rest text)"
        )
        cursor.execute(
            f"INSERT INTO {SAMPLE_TABLE} WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {MADE_ROWS}) "  # noqa: S608
            "SELECT n, hex(randomblob(16)), hex(randomblob(32)) FROM n"
        )
        started = time.perf_counter()
        for copy in range(1, COPIES + 1):
            cursor.execute(
                f"INSERT INTO {SAMPLE_TABLE} SELECT id + {copy * MADE_ROWS}, substr(k, {8 * copy + 1}) || substr(k, 1, {8 * copy}), "  # noqa: S608
                f"rest FROM {SAMPLE_TABLE} WHERE id <= {MADE_ROWS}"
            )
        return Sample.since(started, COPIES * MADE_ROWS * _ROW_BYTES)


def _indexed(database: SQLiteDatabase) -> Sample:
    with database.connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(f"CREATE INDEX temp.{SAMPLE_TABLE}_k ON {SAMPLE_TABLE} (k)")
        return Sample.since(started, SAMPLE_ROWS * _ENTRY_BYTES)


def _stored(folder: Path) -> float | None:
    """Seconds for each byte that reaches the disk, None where no file can be made."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return None
    block = b"safe_migrate " * (_BLOCK_BYTES // 13)
    started = time.perf_counter()
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return (time.perf_counter() - started) / len(block)
