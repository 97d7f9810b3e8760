from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "rename_table")
clean = partial(assert_clean, "rename_table")

MESSAGE = "Renaming table {} to {} breaks the release that still runs, which uses the old name."


def test_rename_model():
    [found] = finds(
        [operations.RenameModel("Customer", "Client")],
        MESSAGE.format("shop_customer", "shop_client"),
    )
    assert "table='shop_customer'" in found.hint


def test_rename_model_with_many_to_many_tables():
    found = finds(
        [operations.RenameModel("Order", "Purchase")],
        MESSAGE.format("shop_order", "shop_purchase"),
        MESSAGE.format("shop_order_tags", "shop_purchase_tags"),
    )
    assert all("table='shop_order'," in one.hint for one in found)


def test_alter_model_table():
    finds([operations.AlterModelTable("Tag", "labels")], MESSAGE.format("shop_tag", "labels"))


def test_renamed_many_to_many_field():
    finds(
        [operations.RenameField("Order", "tags", "labels")],
        MESSAGE.format("shop_order_tags", "shop_order_labels"),
    )


def test_pinned_table():
    clean([operations.RenameModel("Pinned", "Legacy")])


def test_what_the_hint_says():
    clean(
        [
            operations.AlterModelTable("Customer", "shop_customer"),
            operations.RenameModel("Customer", "Client"),
        ]
    )


def test_unmanaged_model():
    clean([operations.RenameModel("Foreign", "Other")])


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.RenameModel("New", "Newer")])


def test_only_the_case_of_the_name():
    clean([operations.RenameModel("Customer", "CUSTOMER")])


def test_going_back_breaks_the_newer_release():
    undoing = "Undoing shop.0002_change means renaming table {} to {}, which breaks the newer release until it is replaced."
    for operation, old, new in (
        (operations.RenameModel("Customer", "Client"), "shop_client", "shop_customer"),
        (operations.AlterModelTable("Tag", "labels"), "labels", "shop_tag"),
    ):
        [found] = finds([operation], undoing.format(old, new), backwards=True)
        assert found.severity.label == "warning"
