"""Indexes. Rows 16 and 34 to 38 of the measurements."""

from __future__ import annotations

from django_safe_migrate.databases.statements import AlterIndex, CreateIndex, DropIndex, Reindex
from tests.databases.postgresql.facts.cases.case import Case


def _hold(*tables: str) -> tuple[str, ...]:
    """Keep an old transaction open that uses tables, and has a snapshot."""
    return tuple(f"SELECT FROM {table} LIMIT 1" for table in tables)


CASES = (
    Case(
        "CREATE INDEX x ON customer (code)",
        CreateIndex(name="x", table="customer", columns=("code",)),
    ),
    Case(
        "CREATE INDEX ON customer (code, note)",
        CreateIndex(table="customer", columns=("code", "note")),
    ),
    Case(
        "CREATE UNIQUE INDEX x ON customer (code)",
        CreateIndex(name="x", table="customer", columns=("code",), unique=True),
    ),
    Case(
        "CREATE INDEX x ON customer USING hash (code)",
        CreateIndex(name="x", table="customer", columns=("code",), method="hash"),
    ),
    Case(
        "CREATE INDEX x ON customer (code) WHERE code > 5",
        CreateIndex(name="x", table="customer", columns=("code",), partial=True),
    ),
    Case(
        "CREATE INDEX IF NOT EXISTS customer_code ON customer (code)",
        CreateIndex(name="customer_code", table="customer", columns=("code",), if_not_exists=True),
    ),
    Case("CREATE INDEX x ON event (id)", CreateIndex(name="x", table="event", columns=("id",))),
    Case(
        "CREATE INDEX x ON ONLY event (id)",
        CreateIndex(name="x", table="event", columns=("id",), only=True),
    ),
    Case(
        "CREATE INDEX x ON customer_notes (note)",
        CreateIndex(name="x", table="customer_notes", columns=("note",)),
    ),
    Case(
        "CREATE INDEX CONCURRENTLY x ON customer (code)",
        CreateIndex(name="x", table="customer", columns=("code",), concurrently=True),
        holding=_hold("customer"),
    ),
    Case(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS customer_code ON customer (code)",
        CreateIndex(
            name="customer_code",
            table="customer",
            columns=("code",),
            concurrently=True,
            if_not_exists=True,
        ),
        holding=("LOCK TABLE customer IN SHARE UPDATE EXCLUSIVE MODE",),
    ),
    Case("DROP INDEX customer_name", DropIndex(names=("customer_name",))),
    Case("DROP INDEX customer_name, mapped_a", DropIndex(names=("customer_name", "mapped_a"))),
    Case("DROP INDEX event_day", DropIndex(names=("event_day",))),
    Case("DROP INDEX IF EXISTS nothing", DropIndex(names=("nothing",), if_exists=True)),
    Case(
        "DROP INDEX CONCURRENTLY customer_name",
        DropIndex(names=("customer_name",), concurrently=True),
        holding=_hold("customer"),
    ),
    Case(
        "ALTER INDEX customer_name RENAME TO x", AlterIndex(name="customer_name", keywords="RENAME")
    ),
    Case(
        "ALTER INDEX customer_name SET (fillfactor = 80)",
        AlterIndex(name="customer_name", keywords="SET"),
    ),
    Case(
        "ALTER INDEX customer_name SET TABLESPACE other_place",
        AlterIndex(name="customer_name", keywords="SET TABLESPACE"),
    ),
    Case(
        "ALTER INDEX reading_id ATTACH PARTITION reading_first_id",
        AlterIndex(name="reading_id", keywords="ATTACH PARTITION"),
        cautious=True,
    ),
    Case("REINDEX INDEX customer_name", Reindex(kind="index", name="customer_name")),
    Case("REINDEX TABLE customer", Reindex(kind="table", name="customer")),
    Case("REINDEX TABLE plain", Reindex(kind="table", name="plain")),
    Case(
        "REINDEX INDEX CONCURRENTLY customer_name",
        Reindex(kind="index", name="customer_name", concurrently=True),
        holding=_hold("customer"),
    ),
    Case(
        "REINDEX TABLE CONCURRENTLY customer",
        Reindex(kind="table", name="customer", concurrently=True),
        holding=_hold("customer"),
    ),
)
