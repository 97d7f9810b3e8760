from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "remove_not_null_field")
clean = partial(assert_clean, "remove_not_null_field")


def forget(name, model="Order"):
    return operations.SeparateDatabaseAndState([], [operations.RemoveField(model, name)])


def test_column_that_must_be_given():
    [found] = finds(
        [forget("number")],
        "Column number of shop_order stays NOT NULL without a default in the database, so that INSERTs of the new release, "
        "which does not know it, fail.",
    )
    assert "field=models.IntegerField(null=True)" in found.hint


def test_python_default_does_not_help():
    finds(
        [forget("state")],
        "Column state of shop_order stays NOT NULL without a default in the database, so that INSERTs of the new release, "
        "which does not know it, fail.",
    )


def test_what_the_hint_says():
    clean(
        [operations.AlterField("Order", "number", models.IntegerField(null=True)), forget("number")]
    )


def test_default_in_the_database():
    clean(
        [
            operations.AlterField("Order", "number", models.IntegerField(db_default=0)),
            forget("number"),
        ]
    )


def test_nullable_column():
    clean([forget("note")])


def test_column_that_goes_as_well():
    clean([operations.RemoveField("Order", "number")])
    removal = operations.RemoveField("Order", "number")
    clean([operations.SeparateDatabaseAndState([operations.RunSQL("...")], [removal])])


def test_other_changes_of_the_state():
    clean([operations.SeparateDatabaseAndState([], [operations.DeleteModel("Tag")])])
    clean([forget("tags")])


def test_model_that_leaves_the_state_as_a_whole():
    removal = operations.RemoveField("Order", "customer")
    forget = [removal, operations.DeleteModel("Order")]
    clean([operations.SeparateDatabaseAndState([], forget)])
