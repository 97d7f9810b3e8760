"""Sizes of PostgreSQL's tables, and how fast the server works."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.databases.rates import (
    COPIES,
    LONGEST,
    MADE_ROWS,
    READ_BYTES,
    SAMPLE_TABLE,
    Rates,
    Sample,
    rates_of,
)

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database
    from django_safe_migrate.databases.measurements import OnDisk

#: As the search path shows a table, and ``schema.table`` where it does not.
_NAME = """CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text
    ELSE c.relnamespace::regnamespace::name::text || '.' || c.relname::text END"""
_PARTS = """
    CROSS JOIN LATERAL (
        SELECT c.oid AS relid WHERE c.relkind <> 'p'
        UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) WHERE c.relkind = 'p' AND isleaf
    ) part
    JOIN pg_catalog.pg_class leaf ON leaf.oid = part.relid
"""

#: Before it was first analysed a table has the estimate -1.
SIZES = f"""
    SELECT {_NAME}, CASE WHEN min(leaf.reltuples) >= 0 THEN sum(leaf.reltuples)::bigint END,
           sum(pg_catalog.pg_table_size(leaf.oid))::bigint, sum(pg_catalog.pg_indexes_size(leaf.oid))::bigint
    FROM pg_catalog.pg_class c {_PARTS}
    WHERE {_NAME} = ANY(%s) AND c.relkind IN ('r', 'p', 'm')
    GROUP BY c.oid, c.relname, c.relnamespace
"""  # noqa: S608 - made of constants

#: The part of a table that has the most blocks, as SQL names it, and how many those are.
LARGEST = f"""
    SELECT leaf.oid::regclass::text, pg_catalog.pg_relation_size(leaf.oid) / current_setting('block_size')::bigint,
           current_setting('block_size')::bigint
    FROM pg_catalog.pg_class c {_PARTS}
    WHERE {_NAME} = %s AND c.relkind IN ('r', 'p', 'm') ORDER BY 2 DESC LIMIT 1
"""  # noqa: S608 - made of constants

#: A standby, a statement that was stopped in time, a table that somebody has for themselves, no room.
NOT_TO_BE_HAD = frozenset({"25006", "57014", "55P03", "53100"})


#: How many times longer it takes in earnest, where the log is written as well; measured on version 16 by ``benchmarks.estimates``.
WRITTEN_TIMES = 1.5
#: A check looks at a column of each row, a count does not.
SCANNED_TIMES = 1.3
INDEXED_TIMES = 1.7
#: Numbers are compared without the rules of a language.
NUMBER_TIMES = 0.6
#: An update adds an entry to every index, each on a page of its own.
CHANGED_TIMES = 4


def sizes_on_disk(database: Database, tables: Sequence[str]) -> dict[str, OnDisk]:
    """Rows as the server estimates them, and bytes of the rows and of the indexes."""
    found = database.ask_if_permitted(SIZES, [list(tables)]) or ()
    return {name: (rows, int(data), int(index)) for name, rows, data, index in found}


def sampled_rates(database: Database, table: str) -> Rates:
    """Measure in a transaction that is rolled back, whose timeouts are its own."""
    with _undone(database):
        limit = round(LONGEST * 1000)
        database.connection.cursor().execute(f"SET LOCAL statement_timeout = {limit}")
        database.connection.cursor().execute(f"SET LOCAL lock_timeout = {limit}")
        return rates_of(
            _scanned(database, table).times(SCANNED_TIMES),
            _written(database).times(WRITTEN_TIMES),
            _indexed(database).times(INDEXED_TIMES),
            number_times=NUMBER_TIMES,
            changed_times=CHANGED_TIMES,
        )


@contextlib.contextmanager
def _undone(database: Database) -> Iterator[None]:
    with database.connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _scanned(database: Database, table: str) -> Sample:
    """Read consecutive blocks from the middle of the table: those at its ends are the likeliest to be in a cache."""
    name, blocks, block_bytes = database.ask(LARGEST, [table])[0]
    wanted = min(blocks, READ_BYTES // block_bytes)
    first = (blocks - wanted) // 2
    started = time.perf_counter()
    # PostgreSQL 14 and later reads no other blocks.
    database.ask(
        f"SELECT count(*) FROM ONLY {name} WHERE ctid >= '({first},0)' AND ctid < '({first + wanted},0)'"  # noqa: S608 - quoted by the server
    )
    return Sample.since(started, wanted * block_bytes)


def _written(database: Database) -> Sample:
    """Copy rows within the temporary table; each copy has other keys, which an index would store only once otherwise."""
    with database.connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {SAMPLE_TABLE} (id integer, key text, rest text)")
        cursor.execute(
            f"INSERT INTO {SAMPLE_TABLE} SELECT n, md5(n::text), repeat(md5(n::text), 2) "  # noqa: S608 - constants
            f"FROM generate_series(1, {MADE_ROWS}) n"
        )
        made = _size_of(database, SAMPLE_TABLE)
        started = time.perf_counter()
        for copy in range(1, COPIES + 1):
            cursor.execute(
                f"INSERT INTO {SAMPLE_TABLE} SELECT id + {copy * MADE_ROWS}, substr(key, {8 * copy + 1}) || left(key, {8 * copy}), "  # noqa: S608
                f"rest FROM {SAMPLE_TABLE} WHERE id <= {MADE_ROWS}"
            )
        return Sample.since(started, _size_of(database, SAMPLE_TABLE) - made)


def _indexed(database: Database) -> Sample:
    index = f"{SAMPLE_TABLE}_key"
    with database.connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(f"CREATE INDEX {index} ON {SAMPLE_TABLE} (key)")
        return Sample.since(started, _size_of(database, index))


def _size_of(database: Database, relation: str) -> int:
    return int(database.ask("SELECT pg_catalog.pg_relation_size(%s::regclass)", [relation])[0][0])
