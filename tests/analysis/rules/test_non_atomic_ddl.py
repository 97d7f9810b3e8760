from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "non_atomic_ddl")
clean = partial(assert_clean, "non_atomic_ddl")

TWO = [operations.AddField("Order", name, models.TextField(null=True)) for name in ("x", "y")]
MESSAGE = "shop.0002_change makes 2 schema changes that are not one transaction, so that a failure leaves it half done."


def test_where_schema_changes_commit_by_themselves():
    [found] = finds(TWO, MESSAGE, on="mysql")
    assert found.severity.label == "info"
    assert found.tables == ("shop_order",)
    assert found.operation == ""


def test_later_change_that_rows_can_make_fail():
    unique = operations.AddConstraint("Order", models.UniqueConstraint(fields=["code"], name="u"))
    [found] = finds([TWO[0], unique], MESSAGE, on="mysql")
    assert found.severity.label == "warning"
    [found] = finds([unique, TWO[0]], MESSAGE, on="mysql")
    assert found.severity.label == "info"


def test_migration_that_is_not_atomic():
    for vendor in ("postgresql", "sqlite"):
        finds(TWO, MESSAGE, on=vendor, atomic=False)


def test_going_back():
    finds(TWO, MESSAGE, on="mysql", backwards=True)


def test_one_transaction():
    for vendor in ("postgresql", "sqlite"):
        clean(TWO, on=vendor)


def test_one_change():
    clean(TWO[:1], on="mysql")
    clean([*TWO[:1], operations.RunPython(operations.RunPython.noop)], on="mysql")


def test_new_tables_only():
    new = [
        operations.CreateModel(name, [("id", models.BigAutoField(primary_key=True))])
        for name in ("A", "B")
    ]
    clean(new, on="mysql")
    clean([*new, operations.AddField("A", "x", models.TextField(null=True))], on="mysql")
