"""Checksums of rows and the values of sequences on PostgreSQL."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import DatabaseError

from django_safe_migrate.backups import contents

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database

# Tables whose rows are in a dump, and their columns that are. Foreign tables are not, tables of extensions come with those, and
# generated columns are computed anew.
_TABLES = """
    SELECT c.relname::text, format('%%I.%%I', n.nspname, c.relname), array_agg(format('t.%%I', a.attname) ORDER BY a.attname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) AND c.relname::text = ANY(%s)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    GROUP BY c.oid, c.relname, n.nspname
"""
# What values look like as text must not depend on the settings of a session, a role or a database.
_PINNED = {
    "bytea_output": "hex",
    "datestyle": "ISO, MDY",
    "extra_float_digits": "1",
    "intervalstyle": "postgres",
    "lc_monetary": "C",
    "search_path": "pg_catalog",
    "timezone": "UTC",
    "xmlbinary": "base64",
}
_PIN = "SELECT pg_catalog.set_config(name, value, true) FROM json_each_text(%s::json) AS s (name, value)"
# One that was never used has no last value. A cycling one goes backwards by itself, so nothing can be said about it.
_SEQUENCES = """
    SELECT schemaname || '.' || sequencename, coalesce(last_value, start_value - increment_by), increment_by
    FROM pg_catalog.pg_sequences WHERE NOT cycle
"""

#: Where each sequence stands, and its increment.
Positions = dict[str, tuple[int, int]]


def foreign_tables(database: Database) -> frozenset[str]:
    """Return the visible tables whose rows are on another server, and in no dump of this one."""
    sql = "SELECT relname::text FROM pg_catalog.pg_class WHERE relkind = 'f' AND pg_catalog.pg_table_is_visible(oid)"
    return frozenset(name for (name,) in database.ask(sql))


def checksums(database: Database, tables: Collection[str]) -> dict[str, str]:
    """
    Return the checksums of all rows of these tables, as a transaction sees them that must be open; its settings are changed.

    A table that has none, as where a row is longer than a text may be, is left out: a backup does not fail for the lack of it.
    """
    found = database.ask(_TABLES, [list(tables)])
    with database.connection.cursor() as cursor:
        cursor.execute(_PIN, [json.dumps(_PINNED)])
    sums = {}
    for table, quoted, columns in found:
        row = f"ROW({', '.join(columns)})::text"
        query = f"SELECT coalesce(sum(pg_catalog.hashtextextended({row}, 0)), 0) FROM {quoted} t"  # noqa: S608 - quoted by the server
        with database.connection.cursor() as cursor:
            cursor.execute("SAVEPOINT safe_migrate_checksum")
            try:
                cursor.execute(query)
                sums[table] = contents.checksum(int(cursor.fetchone()[0]))
            except DatabaseError:
                cursor.execute("ROLLBACK TO SAVEPOINT safe_migrate_checksum")
    return sums


def positions(database: Database) -> Positions:
    """
    Return where sequences stand at this moment, which no snapshot changes.

    One that is dropped meanwhile, or that this role may not look at, must not keep a backup from being made: then there are none.
    """
    try:
        return {name: (last, increment) for name, last, increment in database.ask(_SEQUENCES)}
    except DatabaseError:
        return {}


def between(before: Positions, after: Positions) -> dict[str, contents.Range]:
    """
    Return between which values each sequence stood while a dump was made.

    A dump reads a sequence at a moment of its own. One that was set back meanwhile could stand anywhere, and is left out.
    """
    ranges: dict[str, contents.Range] = {}
    for name in sorted(before.keys() & after.keys()):
        (first, increment), (last, _) = before[name], after[name]
        if (last - first) * increment >= 0:
            ranges[name] = (min(first, last), max(first, last))
    return ranges


def of(database: Database, tables: Collection[str]) -> contents.Details:
    """Return the details of a restored database that nobody else writes to."""
    with database.connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            sums = checksums(database, tables)
        finally:
            with contextlib.suppress(DatabaseError):
                cursor.execute("ROLLBACK")
    now = positions(database)
    return contents.Details(sums, between(now, now))
