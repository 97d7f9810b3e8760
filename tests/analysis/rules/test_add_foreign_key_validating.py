from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations

from django_safe_migrate import values
from tests.analysis.lint import assert_clean, assert_finds, findings

finds = partial(assert_finds, "add_foreign_key_validating")
clean = partial(assert_clean, "add_foreign_key_validating")

MESSAGE = (
    "The foreign key on column {} of shop_order looks up every row in {} under a SHARE ROW EXCLUSIVE lock, which blocks writes, "
    "on both tables."
)
#: Dropping a foreign key, which comes first, has locked both tables.
REMADE = (
    "The foreign key on column {} of shop_order looks up every row in {} under an ACCESS EXCLUSIVE lock, which blocks reads and "
    "writes, on both tables."
)
#: The table has been altered before, the one referred to has not.
ALTERED = (
    "The foreign key on column tag_id of shop_order looks up every row in shop_tag under an ACCESS EXCLUSIVE lock, which blocks "
    "reads and writes, and takes a SHARE ROW EXCLUSIVE lock, which blocks writes, on shop_tag."
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
    finds([without, with_it], ALTERED)
    finds([without, with_it], MESSAGE.format("tag_id", "shop_tag"), atomic=False)


def test_another_model():
    change = operations.AlterField(
        "Order", "customer", models.ForeignKey("shop.Tag", models.CASCADE)
    )
    finds(
        [change],
        "The foreign key on column customer_id of shop_order looks up every row in shop_tag under an ACCESS EXCLUSIVE lock, which "
        "blocks reads and writes, and takes a SHARE ROW EXCLUSIVE lock, which blocks writes, on shop_tag.",
    )


def test_new_column_whose_rows_refer_to_the_default():
    new = models.ForeignKey("shop.Tag", models.CASCADE, default=1)
    finds([operations.AddField("Order", "tag", new)], ALTERED)


def test_new_column_that_is_null():
    clean([operations.AddField("Order", "tag", key("shop.Tag"))])


def test_new_column_that_is_null_and_has_an_index():
    one = models.OneToOneField("shop.Tag", models.CASCADE, null=True)
    clean([operations.AddField("Order", "tag", one)])


def test_no_constraint():
    clean([operations.AddField("Order", "tag", key("shop.Tag", db_constraint=False))])


def test_other_things_about_the_field():
    change = models.ForeignKey("shop.Customer", models.PROTECT, related_name="orders")
    clean([operations.AlterField("Order", "customer", change)])


def test_model_that_is_renamed_stays_the_same_table():
    pinned = operations.AlterModelTable("Customer", "shop_customer")
    clean([pinned, operations.RenameModel("Customer", "Client")])


def test_model_whose_table_is_renamed():
    """Django makes the foreign keys to it anew: the way out is its name, not what is said of new foreign keys."""
    [found] = [
        one
        for one in findings([operations.RenameModel("Customer", "Client")])
        if one.rule == "add_foreign_key_validating"
    ]
    assert found.tables == ("shop_order",)
    assert "db_table='shop_customer'" in found.hint


def test_key_that_django_makes_anew():
    renamed = operations.RenameField("Order", "customer", "buyer")
    [found] = finds([renamed], REMADE.format("buyer_id", "shop_customer"))
    assert "db_column='customer_id'" in found.hint
    index = models.ForeignKey("shop.Customer", models.CASCADE, db_index=False)
    [found] = finds(
        [operations.AlterField("Order", "customer", index)],
        REMADE.format("customer_id", "shop_customer"),
    )
    assert found.hint.startswith("Django drops the foreign key and adds it again")


COPY = "The foreign key on column {} of shop_order copies the table with LOCK=SHARED, which blocks writes, and takes {}, on {}."


@pytest.mark.parametrize(
    ("target", "lock"),
    [
        ("mariadb 10.11", "a SHARED lock, which blocks writes"),
        ("mysql 8.4", "an EXCLUSIVE metadata lock, which blocks reads and writes"),
    ],
)
def test_copy_on_mariadb_and_mysql(target, lock):
    options = {"on": "mysql", "settings": {"target_version": values.target_version(target)}}
    change = operations.AlterField(
        "Order", "customer_ref", key(db_column="customer_ref", related_name="+")
    )
    [found] = finds([change], COPY.format("customer_ref", lock, "shop_customer"), **options)
    assert "SET foreign_key_checks = 0" in found.hint
    finds(
        [operations.AddField("Order", "tag", key("shop.Tag"))],
        COPY.format("tag_id", lock, "shop_tag"),
        **options,
    )
    finds(
        [operations.RenameField("Order", "customer", "buyer")],
        COPY.format("buyer_id", lock, "shop_customer"),
        **options,
    )
    clean([operations.AddField("Order", "tag", key("shop.Tag", db_constraint=False))], **options)


def test_sqlite_has_no_other_way():
    change = operations.AlterField(
        "Order", "customer_ref", key(db_column="customer_ref", related_name="+")
    )
    clean([change], on="sqlite")
