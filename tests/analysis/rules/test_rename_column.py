from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "rename_column")
clean = partial(assert_clean, "rename_column")

MESSAGE = (
    "Renaming column {} of {} to {} breaks the release that still runs, which uses the old name."
)


def test_rename_field():
    [found] = finds(
        [operations.RenameField("Order", "note", "remark")],
        MESSAGE.format("note", "shop_order", "remark"),
    )
    assert "field=models.TextField(db_column='note', null=True)" in found.hint


def test_rename_foreign_key():
    message = MESSAGE.format("customer_id", "shop_order", "buyer_id")
    finds([operations.RenameField("Order", "customer", "buyer")], message)


def test_another_db_column():
    field = models.CharField(max_length=20, db_column="code")
    finds(
        [operations.AlterField("Order", "code", field)],
        MESSAGE.format("order_code", "shop_order", "code"),
    )


def test_model_that_a_column_of_a_many_to_many_table_is_named_after():
    pinned = operations.AlterModelTable("Order", "shop_order")
    message = MESSAGE.format("order_id", "shop_order_tags", "purchase_id")
    finds([pinned, operations.RenameModel("Order", "Purchase")], message)
    message = MESSAGE.format("tag_id", "shop_order_tags", "label_id")
    finds([operations.RenameModel("Tag", "Label")], message)


def test_pinned_column():
    clean([operations.RenameField("Order", "code", "number2")])


def test_what_the_hint_says():
    clean(
        [
            operations.AlterField("Order", "note", models.TextField(db_column="note", null=True)),
            operations.RenameField("Order", "note", "remark"),
        ]
    )


def test_model_without_many_to_many_tables():
    clean([operations.RenameModel("Customer", "Client")])


def test_column_of_a_new_table():
    clean(
        [
            operations.CreateModel(
                "New", [("id", models.BigAutoField(primary_key=True)), ("x", models.TextField())]
            ),
            operations.RenameField("New", "x", "y"),
        ]
    )


def test_column_made_by_the_same_migration():
    add = operations.AddField("Order", "x", models.TextField(null=True))
    clean([add, operations.RenameField("Order", "x", "y")])


def test_column_renamed_twice_by_the_same_migration():
    """The name in between is known to no release; the first renaming is what breaks it."""
    plain = operations.AlterField("Order", "customer", models.CharField(max_length=255))
    finds(
        [plain, operations.RenameField("Order", "customer", "buyer")],
        MESSAGE.format("customer_id", "shop_order", "customer"),
    )


def test_going_back_breaks_the_newer_release():
    [found] = finds(
        [operations.RenameField("Order", "note", "remark")],
        "Undoing shop.0002_change means renaming column remark of shop_order to note, which breaks the newer release until it is replaced.",
        backwards=True,
    )
    assert found.severity.label == "warning"
    assert found.hint.startswith("Stop every process of the newer release before")


def test_going_back_over_a_column_that_the_same_migration_dropped():
    ops = [operations.RenameField("Order", "note", "x"), operations.RemoveField("Order", "x")]
    clean(ops, backwards=True)
