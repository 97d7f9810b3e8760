from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "add_foreign_key_validating")
clean = partial(assert_clean, "add_foreign_key_validating")

MESSAGE = (
    "The foreign key on column {} of shop_order looks up every row in {} under a SHARE ROW EXCLUSIVE lock, which blocks writes, "
    "on both tables."
)


def key(to="shop.Customer", **options):
    return models.ForeignKey(to, models.CASCADE, null=True, **options)


def test_plain_column_that_becomes_a_foreign_key():
    change = operations.AlterField(
        "Order", "customer_ref", key(db_column="customer_ref", related_name="+")
    )
    finds([change], MESSAGE.format("customer_ref", "shop_customer"))


def test_constraint_that_was_left_out():
    without = operations.AddField("Order", "tag", key("shop.Tag", db_constraint=False))
    with_it = operations.AlterField("Order", "tag", key("shop.Tag"))
    finds([without, with_it], MESSAGE.format("tag_id", "shop_tag"))


def test_another_model():
    change = operations.AlterField(
        "Order", "customer", models.ForeignKey("shop.Tag", models.CASCADE)
    )
    finds([change], MESSAGE.format("customer_id", "shop_tag"))


def test_new_column_whose_rows_refer_to_the_default():
    new = models.ForeignKey("shop.Tag", models.CASCADE, default=1)
    finds([operations.AddField("Order", "tag", new)], MESSAGE.format("tag_id", "shop_tag"))


def test_new_column_that_is_null():
    clean([operations.AddField("Order", "tag", key("shop.Tag"))])


def test_no_constraint():
    clean([operations.AddField("Order", "tag", key("shop.Tag", db_constraint=False))])


def test_other_things_about_the_field():
    change = models.ForeignKey("shop.Customer", models.PROTECT, related_name="orders", null=True)
    clean([operations.AlterField("Order", "customer", change)])


def test_model_that_is_renamed_stays_the_same_table():
    pinned = operations.AlterModelTable("Customer", "shop_customer")
    clean([pinned, operations.RenameModel("Customer", "Client")])


def test_other_vendors():
    change = operations.AlterField(
        "Order", "customer_ref", key(db_column="customer_ref", related_name="+")
    )
    for vendor in ("sqlite", "mysql"):
        clean([change], on=vendor)
