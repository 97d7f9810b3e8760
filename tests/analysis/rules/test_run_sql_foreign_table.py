from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.findings import Finding
from django_safe_migrate.sql.states import advance_migration
from tests.analysis.lint import migration, plan_of, vendor

KEY = [("id", models.BigAutoField(primary_key=True))]


@pytest.fixture(autouse=True)
def _apps(settings: Any) -> None:
    """Two apps with migrations on disk: `sales` depends on `stock` from 0003 on, and on its shelves from 0004 on."""
    settings.INSTALLED_APPS = [
        *settings.INSTALLED_APPS,
        "tests.analysis.reading_python.stock",
        "tests.analysis.reading_python.sales",
    ]


def found(sql: str, name: str, dependencies: list[tuple[str, str]]) -> list[Finding]:
    state = ProjectState()
    for label, model in (("stock", "Item"), ("stock", "Shelf"), ("sales", "Sale")):
        made = migration([operations.CreateModel(model, KEY)], app_label=label)
        state = advance_migration(state, made)
    pending = migration([operations.RunSQL(sql, "")], name, "sales", dependencies=dependencies)
    with vendor("postgresql"):
        findings = analyse(plan_of(pending), None, state, conf.load())
    return [finding for finding in findings if finding.rule == "run_sql_foreign_table"]


ALONE: tuple[str, list[tuple[str, str]]] = ("0002_alone", [("sales", "0001_initial")])


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE sales_sale SET id = 1 WHERE id IN (SELECT id FROM stock_item)",
        "INSERT INTO sales_sale SELECT id FROM stock_item WHERE id > 5",
        "ALTER TABLE stock_item ADD note text",
        "ALTER TABLE sales_sale ADD item_id bigint REFERENCES stock_item",
        "CREATE VIEW v AS SELECT * FROM stock_item; SELECT * FROM stock_item",
    ],
)
def test_app_without_any_dependency(sql: str) -> None:
    [finding] = found(sql, *ALONE)
    assert finding.message == (
        "RunSQL in sales.0002_alone names table stock_item, but the migration does not depend on stock.0001_initial, which makes it: on a "
        "new database it may run first, and fails."
    )
    assert finding.hint == (
        'dependencies = [\n    ("sales", "0001_initial"),\n    ("stock", "0001_initial"),\n]'
    )


def test_table_that_is_made_later() -> None:
    [finding] = found("SELECT * FROM stock_shelf", "0003_after_stock", [])
    assert "does not depend on stock.0002_shelf" in finding.message


def test_dependency() -> None:
    assert found("SELECT * FROM stock_item", "0003_after_stock", []) == []
    assert found("SELECT * FROM stock_item, stock_shelf", "0004_after_shelf", []) == []


def test_own_and_unknown_tables() -> None:
    assert found("UPDATE sales_sale SET id = 1; SELECT * FROM legacy", *ALONE) == []


def test_migration_that_is_not_on_disk() -> None:
    assert found("SELECT * FROM stock_item", "0009_unknown", []) == []
