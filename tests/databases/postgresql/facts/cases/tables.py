"""Whole tables, and actions that are told apart by their keywords. Rows 17, 18 and 39 to 51 of the measurements."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    ColumnDefinition,
    CreateTable,
    DropTable,
    LockTable,
    OtherAction,
    Truncate,
)
from tests.databases.postgresql.facts.cases.case import Case, alter

_DROPPED = (
    Case("DROP TABLE dropped", DropTable(tables=("dropped",))),
    Case("DROP TABLE purchase", DropTable(tables=("purchase",))),
    Case("DROP TABLE elsewhere.stock", DropTable(tables=("elsewhere.stock",))),
    Case("DROP TABLE dropped, mapped", DropTable(tables=("dropped", "mapped"))),
    Case("DROP TABLE customer CASCADE", DropTable(tables=("customer",), cascade=True)),
    Case("DROP TABLE customer", DropTable(tables=("customer",)), refused="2BP01"),
    Case("DROP TABLE IF EXISTS nothing", DropTable(tables=("nothing",), if_exists=True)),
    Case("DROP TABLE event", DropTable(tables=("event",))),
    Case("DROP TABLE entry", DropTable(tables=("entry",))),
    Case("DROP TABLE category", DropTable(tables=("category",))),
    Case("DROP TABLE ledger CASCADE", DropTable(tables=("ledger",), cascade=True)),
    Case("DROP TABLE event_first", DropTable(tables=("event_first",))),
    Case("DROP TABLE reading_first", DropTable(tables=("reading_first",))),
)

_CREATED = (
    Case(
        "CREATE TABLE x (id integer)",
        CreateTable(table="x", columns=(ColumnDefinition(name="id", type="integer"),)),
    ),
    Case(
        "CREATE TABLE x (id integer REFERENCES region)",
        CreateTable(
            table="x",
            columns=(ColumnDefinition(name="id", type="integer", references="region"),),
            references=("region",),
        ),
    ),
    Case(
        "CREATE TABLE x (id integer, FOREIGN KEY (id) REFERENCES customer)",
        CreateTable(
            table="x",
            columns=(ColumnDefinition(name="id", type="integer"),),
            references=("customer",),
        ),
    ),
    Case(
        "CREATE TABLE IF NOT EXISTS customer (id integer REFERENCES region)",
        CreateTable(
            table="customer",
            columns=(ColumnDefinition(name="id", type="integer", references="region"),),
            references=("region",),
            if_not_exists=True,
        ),
    ),
    Case("CREATE TABLE x AS SELECT * FROM customer", CreateTable(table="x", reads=("customer",))),
)

_EMPTIED = (
    Case("TRUNCATE dropped", Truncate(tables=("dropped",))),
    Case("TRUNCATE TABLE mapped, dropped", Truncate(tables=("mapped", "dropped"))),
    Case("TRUNCATE TABLE customer CASCADE", Truncate(tables=("customer",), cascade=True)),
    Case("TRUNCATE TABLE region CASCADE", Truncate(tables=("region",), cascade=True)),
    Case("TRUNCATE TABLE ledger CASCADE", Truncate(tables=("ledger",), cascade=True)),
    Case("TRUNCATE TABLE reading", Truncate(tables=("reading",))),
)

_LOCKED = (
    Case("LOCK TABLE customer", LockTable(tables=("customer",))),
    Case(
        "LOCK TABLE customer IN SHARE ROW EXCLUSIVE MODE",
        LockTable(tables=("customer",), mode="SHARE ROW EXCLUSIVE"),
    ),
    Case("LOCK TABLE event IN EXCLUSIVE MODE", LockTable(tables=("event",), mode="EXCLUSIVE")),
    Case(
        "LOCK TABLE customer IN ROW SHARE MODE", LockTable(tables=("customer",), mode="ROW SHARE")
    ),
)

_OPTIONS = (
    *(
        Case(f"ALTER TABLE {table} {text}", alter(table, OtherAction(keywords=keywords)))
        for table, text, keywords in (
            ("customer", "OWNER TO CURRENT_USER", "OWNER TO"),
            ("customer", "REPLICA IDENTITY FULL", "REPLICA IDENTITY"),
            ("customer", "ENABLE ROW LEVEL SECURITY", "ENABLE ROW LEVEL SECURITY"),
            ("customer", "FORCE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY"),
            ("customer", "SET (fillfactor = 80)", "SET"),
            ("customer", "SET (autovacuum_enabled = false)", "SET"),
            ("customer", "RESET (autovacuum_enabled)", "RESET"),
            ("customer", "CLUSTER ON customer_name", "CLUSTER ON"),
            ("customer", "SET WITHOUT CLUSTER", "SET WITHOUT CLUSTER"),
            ("customer", "DISABLE TRIGGER USER", "DISABLE TRIGGER"),
            ("customer", "ENABLE TRIGGER ALL", "ENABLE TRIGGER"),
            ("event", "DISABLE TRIGGER USER", "DISABLE TRIGGER"),
            ("mapped", "SET UNLOGGED", "SET UNLOGGED"),
            ("mapped", "SET TABLESPACE other_place", "SET TABLESPACE"),
            ("mapped", "SET ACCESS METHOD other_heap", "SET ACCESS METHOD"),
            ("child", "NO INHERIT parent", "NO INHERIT"),
        )
    ),
)

CASES = (*_DROPPED, *_CREATED, *_EMPTIED, *_LOCKED, *_OPTIONS)
