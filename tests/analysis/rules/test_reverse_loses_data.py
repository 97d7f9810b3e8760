from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "reverse_loses_data", backwards=True)
clean = partial(assert_clean, "reverse_loses_data", backwards=True)


def test_column():
    [found] = finds(
        [operations.AddField("Order", "x", models.TextField(null=True))],
        "Undoing shop.0002_change drops column x of shop_order with all its values.",
    )
    assert found.severity.label == "error"


def test_table():
    finds(
        [operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])],
        "Undoing shop.0002_change drops table shop_new with all its rows.",
    )


def test_many_to_many_field():
    finds(
        [operations.AddField("Order", "buyers", models.ManyToManyField("shop.Customer"))],
        "Undoing shop.0002_change drops table shop_order_buyers with all its rows.",
    )


def test_table_under_the_name_it_has_by_then():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    renamed = operations.AlterModelTable("New", "other")
    finds([new, renamed], "Undoing shop.0002_change drops table shop_new with all its rows.")


def test_what_comes_back():
    clean([operations.RemoveField("Order", "note")])
    clean([operations.DeleteModel("Tag")])


def test_indexes_and_constraints_hold_nothing():
    clean([operations.AddIndex("Order", models.Index(fields=["number"], name="number_idx"))])


def test_change_of_the_state_only():
    state_only = [operations.AddField("Order", "x", models.TextField(null=True))]
    clean([operations.SeparateDatabaseAndState([], state_only)])


def test_table_that_comes_back_before_it_loses_a_column():
    clean(
        [
            operations.AddField("Tag", "x", models.TextField(null=True)),
            operations.DeleteModel("Tag"),
        ]
    )


def test_going_forwards():
    clean([operations.AddField("Order", "x", models.TextField(null=True))], backwards=False)
