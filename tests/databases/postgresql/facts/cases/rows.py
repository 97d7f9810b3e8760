"""Rows, and what goes through all of them. Rows 44, 45, 49 and 61 of the measurements."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    ChangeRows,
    Maintenance,
    RefreshMaterializedView,
    Select,
    SetVariable,
)
from tests.databases.postgresql.facts.cases.case import Case

CASES = (
    Case("UPDATE customer SET note = 'x'", ChangeRows(kind="update", table="customer")),
    Case(
        "UPDATE customer SET note = 'x' WHERE id = 1",
        ChangeRows(kind="update", table="customer", conditional=True),
    ),
    Case("DELETE FROM purchase", ChangeRows(kind="delete", table="purchase")),
    Case("DELETE FROM reading", ChangeRows(kind="delete", table="reading")),
    Case(
        "INSERT INTO dropped (a) SELECT id FROM customer",
        ChangeRows(kind="insert", table="dropped", reads=("customer",)),
    ),
    Case("INSERT INTO dropped (a) VALUES (1)", ChangeRows(kind="insert", table="dropped")),
    Case("SELECT id FROM customer WHERE id = 1", Select(reads=("customer",))),
    Case(
        "SELECT id FROM customer WHERE id = 1 FOR UPDATE",
        Select(reads=("customer",), locks_rows=True),
    ),
    Case("SET CONSTRAINTS ALL IMMEDIATE", SetVariable(name="constraints", value="immediate")),
    Case(
        "SET LOCAL lock_timeout = '5s'", SetVariable(name="lock_timeout", value="5s", scope="local")
    ),
    Case("ANALYZE customer", Maintenance(command="ANALYZE", tables=("customer",))),
    Case(
        "CLUSTER customer USING customer_name", Maintenance(command="CLUSTER", tables=("customer",))
    ),
    Case(
        "VACUUM customer",
        Maintenance(command="VACUUM", tables=("customer",)),
        holding=("LOCK TABLE customer IN SHARE UPDATE EXCLUSIVE MODE",),
    ),
    Case(
        "VACUUM FULL customer",
        Maintenance(command="VACUUM FULL", tables=("customer",)),
        holding=("LOCK TABLE customer IN ACCESS SHARE MODE",),
    ),
    Case(
        "REFRESH MATERIALIZED VIEW customer_notes", RefreshMaterializedView(view="customer_notes")
    ),
    Case(
        "REFRESH MATERIALIZED VIEW CONCURRENTLY customer_notes",
        RefreshMaterializedView(view="customer_notes", concurrently=True),
    ),
    Case(
        "REFRESH MATERIALIZED VIEW customer_notes WITH NO DATA",
        RefreshMaterializedView(view="customer_notes", with_data=False),
    ),
)
