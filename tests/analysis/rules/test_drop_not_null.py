from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "drop_not_null")
clean = partial(assert_clean, "drop_not_null")

MESSAGE = "Column {} of shop_order may be NULL from now on, which the release that still runs does not expect."


def test_null_from_now_on():
    for vendor in ("postgresql", "mysql", "sqlite"):
        field = models.IntegerField(null=True)
        [found] = finds(
            [operations.AlterField("Order", "number", field)], MESSAGE.format("number"), on=vendor
        )
        assert found.severity.label == "info"


def test_foreign_key():
    field = models.ForeignKey("shop.Customer", models.SET_NULL, null=True)
    finds([operations.AlterField("Order", "customer", field)], MESSAGE.format("customer_id"))


def test_nullable_already():
    clean([operations.AlterField("Order", "note", models.CharField(max_length=9, null=True))])


def test_not_null():
    clean([operations.AlterField("Order", "note", models.TextField())])
    clean([operations.AlterField("Order", "number", models.IntegerField(help_text="x"))])


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("x", models.TextField())]
    )
    clean([new, operations.AlterField("New", "x", models.TextField(null=True))])


def test_going_back():
    clean([operations.AlterField("Order", "note", models.TextField())], backwards=True)
