"""Tables of a PostgreSQL database as its catalogue describes them, for those that the search path shows."""

from __future__ import annotations

from collections.abc import Sequence

from django_safe_migrate.databases.answers import ForeignKey
from django_safe_migrate.databases.base import Database

NAMES = """
    SELECT c.relname::text FROM pg_catalog.pg_class c
    WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
      AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
    ORDER BY c.relname
"""

COLUMNS = """
    SELECT c.relname::text, a.attname::text
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE c.relname = ANY(%s) AND pg_catalog.pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum
"""

# A partitioned table has no rows of its own; its estimate is the sum of its partitions', if all were analysed.
# Before PostgreSQL 14 an estimate of 0 means the same as -1 does since: never analysed.
ESTIMATES = """
    SELECT c.relname::text, sum(leaf.reltuples)::bigint
    FROM pg_catalog.pg_class c
    CROSS JOIN LATERAL (
        SELECT c.oid AS relid WHERE c.relkind <> 'p'
        UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) WHERE c.relkind = 'p' AND isleaf
    ) part
    JOIN pg_catalog.pg_class leaf ON leaf.oid = part.relid
    WHERE c.relname = ANY(%s) AND c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)
    GROUP BY c.oid, c.relname
    HAVING min(leaf.reltuples) >= CASE WHEN current_setting('server_version_num')::int >= 140000 THEN 0 ELSE 1 END
"""

FOREIGN_KEYS = """
    SELECT k.conname::text, c.relname::text, r.relname::text,
           (SELECT array_agg(a.attname::text ORDER BY p.place)
              FROM unnest(k.conkey) WITH ORDINALITY AS p(number, place)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.number),
           (SELECT array_agg(a.attname::text ORDER BY p.place)
              FROM unnest(k.confkey) WITH ORDINALITY AS p(number, place)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.number)
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
    WHERE k.contype = 'f' AND k.conparentid = 0 AND c.relname = ANY(%s)
      AND pg_catalog.pg_table_is_visible(c.oid) AND pg_catalog.pg_table_is_visible(r.oid)
    ORDER BY c.relname, k.conname
"""


def names(database: Database) -> tuple[str, ...]:
    """Tables and partitioned tables, without foreign tables and views."""
    return tuple(row[0] for row in database.ask(NAMES))


def columns(database: Database, tables: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The columns of many tables by one query."""
    found: dict[str, list[str]] = {table: [] for table in tables}
    for table, column in database.ask(COLUMNS, [list(tables)]):
        found[table].append(column)
    return {table: tuple(names) for table, names in found.items()}


def numbers(database: Database, sql: str, tables: Sequence[str]) -> dict[str, int]:
    """A number for each table that has one."""
    return {
        table: int(number) for table, number in database.ask_if_permitted(sql, [list(tables)]) or ()
    }


def foreign_keys(database: Database, tables: Sequence[str]) -> tuple[ForeignKey, ...]:
    """The foreign keys of many tables by one query."""
    return tuple(
        ForeignKey(name, table, tuple(columns), referenced, tuple(referenced_columns))
        for name, table, referenced, columns, referenced_columns in database.ask(
            FOREIGN_KEYS, [list(tables)]
        )
    )
