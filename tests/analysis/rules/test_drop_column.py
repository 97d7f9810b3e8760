from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "drop_column")
clean = partial(assert_clean, "drop_column")

MESSAGE = "Dropping column {} of shop_order deletes its values, and the release that still runs selects it until it is replaced."


def test_remove_field():
    finds([operations.RemoveField("Order", "note")], MESSAGE.format("note"))


def test_names_the_column_and_not_the_field():
    finds([operations.RemoveField("Order", "code")], MESSAGE.format("order_code"))
    finds([operations.RemoveField("Order", "customer")], MESSAGE.format("customer_id"))


def test_inside_of_separate_database_and_state():
    removal = operations.RemoveField("Order", "note")
    finds([operations.SeparateDatabaseAndState([removal], [])], MESSAGE.format("note"))


def test_order_with_respect_to():
    ordered = operations.AlterOrderWithRespectTo("Order", "customer")
    back = operations.AlterOrderWithRespectTo("Order", None)
    finds([back], MESSAGE.format("_order"), before=[*initial(), ordered])


def test_hint_tells_to_make_a_not_null_column_nullable_first():
    [nullable] = finds([operations.RemoveField("Order", "note")], MESSAGE.format("note"))
    [given] = finds([operations.RemoveField("Order", "number")], MESSAGE.format("number"))
    assert not nullable.hint.startswith("First make it nullable")
    assert given.hint.startswith("First make it nullable or give it a db_default")
    assert "field=models.IntegerField(null=True)" in given.hint


def test_generated_column_has_no_values_of_its_own():
    generated = models.GeneratedField(
        expression=models.F("number") * 2, output_field=models.IntegerField(), db_persist=True
    )
    [found] = finds(
        [
            operations.SeparateDatabaseAndState(
                [], [operations.AddField("Order", "twice", generated)]
            ),
            operations.RemoveField("Order", "twice"),
        ],
        "Dropping column twice of shop_order breaks the release that still runs, which selects it until it is replaced.",
    )
    assert found.severity.label == "warning"


def test_state_only_removal_keeps_the_column():
    clean([operations.SeparateDatabaseAndState([], [operations.RemoveField("Order", "note")])])


def test_many_to_many_field_has_no_column():
    clean([operations.RemoveField("Order", "tags")])


def test_table_made_by_the_same_plan():
    clean(
        [
            operations.CreateModel(
                "New", [("id", models.BigAutoField(primary_key=True)), ("x", models.TextField())]
            ),
            operations.RemoveField("New", "x"),
        ]
    )


def test_column_made_by_the_same_migration():
    add = operations.AddField("Order", "x", models.TextField(null=True))
    clean([add, operations.RemoveField("Order", "x")])


def test_unmanaged_model():
    clean([operations.RemoveField("Foreign", "note")])


def test_going_back_over_a_generated_column_breaks_the_newer_release():
    generated = models.GeneratedField(
        expression=models.F("number") * 2, output_field=models.IntegerField(), db_persist=True
    )
    [found] = finds(
        [operations.AddField("Order", "twice", generated)],
        "Undoing shop.0002_change drops column twice of shop_order, and the newer release selects it until it is replaced.",
        backwards=True,
    )
    assert found.severity.label == "warning"


def test_undoing_add_field_is_for_another_rule():
    clean([operations.AddField("Order", "x", models.TextField(null=True))], backwards=True)
