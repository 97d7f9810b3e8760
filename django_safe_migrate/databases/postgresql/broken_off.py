"""
What PostgreSQL keeps of statements that work in several transactions, when their session ended between two of them.

``DETACH PARTITION ... CONCURRENTLY`` leaves its partition marked in ``pg_inherits``: queries of the partitioned table read it no more, rows
that belong to it are refused, and no other partition can be detached concurrently until this one is
(https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION).

``REINDEX TABLE CONCURRENTLY`` leaves copies of indexes. Those of the table are invalid indexes like any other; that of its TOAST table, where long
values are kept, is in a schema that no search path has (https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.databases.broken_off import BrokenOff, Tables
from django_safe_migrate.databases.postgresql.index_repair import PostgreSQLIndexRepair
from django_safe_migrate.databases.schema_changes import schema_changes

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

PENDING = """
    SELECT p.relname::text, c.relname::text
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhdetachpending AND pg_catalog.pg_table_is_visible(p.oid) AND pg_catalog.pg_table_is_visible(c.oid)
    ORDER BY 1, 2
"""
TOAST_COPIES = """
    SELECT t.relname::text, x.relnamespace::regnamespace::name::text, x.relname::text
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_class t ON t.reltoastrelid = i.indrelid
    WHERE NOT i.indisvalid AND x.relname ~ '_cc(new|old)[0-9]*$' AND pg_catalog.pg_table_is_visible(t.oid)
    ORDER BY 1, 3
"""


def broken_off_statements(database: Database, tables: Tables) -> Iterator[BrokenOff]:
    """Yield what is there; of what a session may be doing at this moment, without statements."""
    yield from _pending_detaches(database)
    yield from _toast_copies(database)


def _toast_copies(database: Database) -> Iterator[BrokenOff]:
    quote = database.connection.ops.quote_name
    for table, schema, index in database.ask_if_permitted(TOAST_COPIES) or ():
        busy = PostgreSQLIndexRepair(database).builders(table)
        if busy:
            remedy = f"Nothing while session {', '.join(busy)} of the server may be building it."
        else:
            remedy = "Drop it; the index that it is a copy of is there."
        yield BrokenOff(
            table=table,
            found=f"Index {index} of what {table} keeps of long values is invalid: REINDEX CONCURRENTLY was broken off. It costs every write.",
            remedy=remedy,
            statements=() if busy else (f"DROP INDEX {quote(schema)}.{quote(index)}",),
            hinders=False,
        )


def _pending_detaches(database: Database) -> Iterator[BrokenOff]:
    pending = database.ask_if_permitted(PENDING)
    if not pending:
        return
    busy = [one.session for one in schema_changes(database) if "DETACH" in one.sql.upper()]
    quote = database.connection.ops.quote_name
    for parent, child in pending:
        found = (
            f"Partition {child} of {parent} is detached halfway: DETACH PARTITION ... CONCURRENTLY was broken off. "
            f"Queries of {parent} do not read its rows."
        )
        if busy:
            yield BrokenOff(
                table=child,
                found=found,
                remedy=f"Nothing while session {', '.join(busy)} of the server detaches a partition.",
                hinders=False,
            )
            continue
        yield BrokenOff(
            table=child,
            found=found,
            remedy=f"Finish it: {child} becomes a table of its own, with all of its rows.",
            statements=(f"ALTER TABLE {quote(parent)} DETACH PARTITION {quote(child)} FINALIZE",),
            hinders=False,
        )
