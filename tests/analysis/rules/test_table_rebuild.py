from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations
from django.db.models.functions import Now  # noqa: E402

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "table_rebuild", on="sqlite")
clean = partial(assert_clean, "table_rebuild", on="sqlite")

MESSAGE = "Django makes a new table, copies every row of shop_order and renames it."


def test_columns():
    [found] = finds([operations.AddField("Order", "x", models.IntegerField(default=1))], MESSAGE)
    assert found.severity.label == "info"
    finds(
        [operations.AddField("Order", "x", models.DateTimeField(null=True, db_default=Now()))],
        MESSAGE,
    )
    finds([operations.AddField("Order", "x", models.IntegerField(null=True, unique=True))], MESSAGE)
    finds([operations.RemoveField("Order", "indexed")], MESSAGE)
    finds([operations.AlterField("Order", "note", models.TextField())], MESSAGE)


def test_constraints():
    check = models.CheckConstraint(condition=models.Q(number__gt=0), name="positive")
    finds([operations.AddConstraint("Order", check)], MESSAGE)


def test_what_sqlite_can_do_itself():
    clean([operations.AddField("Order", "x", models.IntegerField(null=True))])
    clean(
        [
            operations.AddField(
                "Order", "x", models.IntegerField(null=True, db_default=models.Value(3))
            )
        ]
    )
    clean([operations.RemoveField("Order", "note")])
    clean([operations.RenameField("Order", "note", "remark")])


def test_constraint_that_is_an_index():
    unique = models.UniqueConstraint(
        fields=["number"], condition=models.Q(number__gt=0), name="some"
    )
    clean([operations.AddConstraint("Order", unique)])


def test_what_the_database_does_not_see():
    clean([operations.AlterField("Order", "note", models.TextField(null=True, help_text="x"))])


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.AddField("New", "x", models.IntegerField(default=1))])


def test_other_vendors():
    for vendor in ("postgresql", "mysql"):
        clean([operations.AddField("Order", "x", models.IntegerField(default=1))], on=vendor)
