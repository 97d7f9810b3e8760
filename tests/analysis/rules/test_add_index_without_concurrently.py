from __future__ import annotations

from functools import partial

from django.contrib.postgres.operations import AddIndexConcurrently  # noqa: E402
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "add_index_without_concurrently")
clean = partial(assert_clean, "add_index_without_concurrently")

INDEX = models.Index(fields=["number"], name="number_idx")
SHARE = "a SHARE lock, which blocks writes until it is built."
EXCLUSIVE = "an ACCESS EXCLUSIVE lock, which blocks reads and writes until it is built."


def test_add_index():
    [found] = finds(
        [operations.AddIndex("Order", INDEX)],
        f"Building index number_idx of shop_order takes {SHARE}",
    )
    assert "AddIndexConcurrently(\n    model_name='Order'," in found.hint


def test_db_index():
    change = operations.AlterField("Order", "number", models.IntegerField(db_index=True))
    finds([change], f"Building the index on column number of shop_order takes {SHARE}")


def test_db_index_with_another_change():
    """What is altered before in the same operation stays locked until the transaction ends."""
    change = operations.AlterField("Order", "number", models.BigIntegerField(db_index=True))
    message = "Building the index on column number of shop_order takes {}"
    finds([change], message.format(EXCLUSIVE))
    finds([change], message.format(SHARE), atomic=False)


def test_index_of_a_new_foreign_key():
    new = operations.AddField(
        "Order", "tag", models.ForeignKey("shop.Tag", models.CASCADE, null=True)
    )
    finds([new], f"Building the index on the new column tag_id of shop_order takes {EXCLUSIVE}")
    finds(
        [new],
        f"Building the index on the new column tag_id of shop_order takes {SHARE}",
        atomic=False,
    )


def test_going_back_over_remove_index():
    finds(
        [operations.RemoveIndex("Order", "title_idx")],
        f"Building index title_idx of shop_order takes {SHARE}",
        backwards=True,
    )


def test_index_together():
    change = operations.AlterIndexTogether("Order", {("number", "code")})
    finds([change], f"Building the index on number, order_code of shop_order takes {SHARE}")


def test_what_the_hint_says():
    clean([AddIndexConcurrently("Order", INDEX)], atomic=False)


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
    )
    clean([new, operations.AddIndex("New", INDEX)])


def test_new_column_without_an_index():
    new = models.ForeignKey("shop.Tag", models.CASCADE, null=True, db_index=False)
    clean([operations.AddField("Order", "tag", new)])


def test_table_that_must_be_empty():
    """A column that fails as soon as there is a row: what comes after it works on none."""
    needed = operations.AddField("Order", "x", models.IntegerField(db_index=True))
    clean([needed])
    [found] = finds(
        [needed, operations.AddIndex("Order", INDEX)],
        f"Building index number_idx of shop_order takes {SHARE}",
    )
    assert found.severity.label == "info"


def test_column_that_has_its_index_already():
    clean(
        [
            operations.AlterField(
                "Order", "indexed", models.IntegerField(null=True, db_index=True, default=1)
            )
        ]
    )


def test_other_vendors_do_not_block():
    for vendor in ("sqlite", "mysql"):
        clean([operations.AddIndex("Order", INDEX)], on=vendor)


def test_state_only():
    clean([operations.SeparateDatabaseAndState([], [operations.AddIndex("Order", INDEX)])])
