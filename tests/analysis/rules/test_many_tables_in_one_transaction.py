from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "many_tables_in_one_transaction")
clean = partial(assert_clean, "many_tables_in_one_transaction")

MESSAGE = (
    "shop.0002_change is one transaction that holds an ACCESS EXCLUSIVE lock, which blocks reads and writes, on {}, until it ends: "
    "a request that uses these tables in another order can deadlock with it."
)
ORDER = operations.AddField("Order", "x", models.TextField(null=True))
CUSTOMER = operations.AddField("Customer", "x", models.TextField(null=True))
REFERENCE = operations.AddField(
    "Pinned", "x", models.ForeignKey("shop.Customer", models.CASCADE, null=True)
)


def test_two_tables():
    finds([ORDER, CUSTOMER], MESSAGE.format("shop_order, shop_customer"))


def test_going_back():
    finds([ORDER, CUSTOMER], MESSAGE.format("shop_customer, shop_order"), backwards=True)


def test_table_that_a_foreign_key_refers_to():
    finds(
        [ORDER, REFERENCE],
        MESSAGE.format(
            "shop_order, legacy_pinned, and a SHARE ROW EXCLUSIVE lock, which blocks writes, on shop_customer"
        ),
    )


def test_one_foreign_key_cannot_be_split():
    clean([REFERENCE])


def test_one_table():
    clean([ORDER, operations.RemoveField("Order", "note")])


def test_indexes_block_less():
    index = models.Index(fields=["number"], name="n"), models.Index(fields=["name"], name="c")
    clean([operations.AddIndex("Order", index[0]), operations.AddIndex("Customer", index[1])])


def test_not_one_transaction():
    clean([ORDER, CUSTOMER], atomic=False)


def test_new_tables():
    new = [
        operations.CreateModel(n, [("id", models.BigAutoField(primary_key=True))])
        for n in ("A", "B")
    ]
    added = [operations.AddField(n, "x", models.TextField(null=True)) for n in ("A", "B", "Order")]
    clean([*new, *added])


def test_state_only():
    clean([ORDER, operations.SeparateDatabaseAndState([], [CUSTOMER])])
