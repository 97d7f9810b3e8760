from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "drop_table")
clean = partial(assert_clean, "drop_table")

MESSAGE = "Dropping table {} deletes its rows, and the release that still runs queries it until it is replaced."


def test_delete_model_with_its_many_to_many_tables():
    finds(
        [operations.DeleteModel("Order")],
        MESSAGE.format("shop_order_tags"),
        MESSAGE.format("shop_order"),
    )


def test_names_the_table_that_is_pinned():
    finds([operations.DeleteModel("Pinned")], MESSAGE.format("legacy_pinned"))


def test_removing_a_many_to_many_field():
    finds([operations.RemoveField("Order", "tags")], MESSAGE.format("shop_order_tags"))


def test_table_that_was_renamed_before():
    rename = operations.AlterModelTable("Tag", "labels")
    finds([rename, operations.DeleteModel("Tag")], MESSAGE.format("labels"))


def test_state_only_deletion_keeps_the_table():
    clean([operations.SeparateDatabaseAndState([], [operations.DeleteModel("Tag")])])


def test_table_made_by_the_same_plan():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.DeleteModel("New")])
    clean([new, operations.RenameModel("New", "Newer"), operations.DeleteModel("Newer")])


def test_unmanaged_and_proxy_models():
    clean([operations.DeleteModel("Foreign")])
    proxy = operations.CreateModel("Proxy", [], options={"proxy": True}, bases=("shop.order",))
    clean([proxy, operations.DeleteModel("Proxy")])


def test_explicit_through_model_stays():
    through = operations.CreateModel(
        "Labelled",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("order", models.ForeignKey("shop.Order", models.CASCADE)),
            ("tag", models.ForeignKey("shop.Tag", models.CASCADE)),
        ],
    )
    field = models.ManyToManyField("shop.Tag", through="shop.Labelled", related_name="+")
    clean(
        [
            through,
            operations.AddField("Order", "labels", field),
            operations.RemoveField("Order", "labels"),
        ]
    )
