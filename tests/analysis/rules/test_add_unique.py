from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "add_unique")
clean = partial(assert_clean, "add_unique")

MESSAGE = "Making {} of shop_order unique fails on the first duplicate among existing rows"
EXCLUSIVE = (
    ", and its index is built under an ACCESS EXCLUSIVE lock, which blocks reads and writes."
)
SHARE = ", and its index is built under a SHARE lock, which blocks writes."


def test_constraint():
    constraint = models.UniqueConstraint(fields=["number"], name="number_unique")
    finds(
        [operations.AddConstraint("Order", constraint)],
        MESSAGE.format("constraint number_unique") + EXCLUSIVE,
    )


def test_constraint_that_is_an_index():
    constraint = models.UniqueConstraint(
        fields=["number"], condition=models.Q(number__gt=0), name="some_unique"
    )
    finds(
        [operations.AddConstraint("Order", constraint)],
        MESSAGE.format("constraint some_unique") + SHARE,
    )


def test_unique_field():
    change = operations.AlterField("Order", "number", models.IntegerField(unique=True))
    finds([change], MESSAGE.format("column number") + EXCLUSIVE)


def test_foreign_key_that_becomes_one_to_one():
    change = operations.AlterField(
        "Order", "customer", models.OneToOneField("shop.Customer", models.CASCADE)
    )
    finds([change], MESSAGE.format("column customer_id") + EXCLUSIVE)


def test_unique_together():
    change = operations.AlterUniqueTogether("Order", {("number", "code")})
    finds([change], MESSAGE.format("columns number, order_code") + EXCLUSIVE)


def test_elsewhere_only_duplicates_matter():
    change = operations.AlterField("Order", "number", models.IntegerField(unique=True))
    for vendor in ("sqlite", "mysql"):
        [found] = finds([change], MESSAGE.format("column number") + ".", on=vendor)
        assert found.severity.label == "warning"


def test_new_column_with_one_value_for_all_rows():
    import uuid

    finds(
        [operations.AddField("Order", "token", models.UUIDField(default=uuid.uuid4, unique=True))],
        "Column token is added to shop_order as unique, and existing rows all get the same default, so that a second row makes it fail.",
    )


def test_new_nullable_column_builds_its_index_at_once():
    finds(
        [operations.AddField("Order", "token", models.UUIDField(null=True, unique=True))],
        "The unique index on the new column token of shop_order is built under an ACCESS EXCLUSIVE lock, which blocks reads and writes.",
    )
    clean(
        [operations.AddField("Order", "token", models.UUIDField(null=True, unique=True))],
        on="sqlite",
    )


def test_dropping_uniqueness():
    clean([operations.AlterUniqueTogether("Order", set())])
    unique = operations.AlterField("Order", "number", models.IntegerField(unique=True))
    state_only = operations.SeparateDatabaseAndState([], [unique])
    clean([state_only, operations.AlterField("Order", "number", models.IntegerField())])


def test_check_constraint():
    constraint = models.CheckConstraint(condition=models.Q(number__gt=0), name="positive")
    clean([operations.AddConstraint("Order", constraint)])


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
    )
    clean([new, operations.AlterUniqueTogether("New", {("number", "id")})])


def test_primary_key_is_unique_already():
    clean(
        [operations.AlterField("Order", "id", models.BigAutoField(primary_key=True, unique=True))]
    )
