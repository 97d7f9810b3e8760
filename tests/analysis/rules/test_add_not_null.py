from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "add_not_null")
clean = partial(assert_clean, "add_not_null")

OLD_INSERTS = (
    "Column {} of shop_order is NOT NULL without a default in the database, so that INSERTs of the release that still runs fail "
    "until it is replaced."
)
FAILS = "Adding column {} to shop_order fails as soon as the table has a row: it is NOT NULL and has no default."


def add(field, name="x", **options):
    return operations.AddField("Order", name, field, **options)


def test_python_default():
    [found] = finds([add(models.IntegerField(default=3))], OLD_INSERTS.format("x"))
    assert "models.IntegerField(db_default=3, default=3)" in found.hint


def test_one_off_default():
    finds([add(models.IntegerField(default=3), preserve_default=False)], OLD_INSERTS.format("x"))


def test_callable_default_cannot_be_one_of_the_database():
    [found] = finds([add(models.JSONField(default=dict))], OLD_INSERTS.format("x"))
    assert "null=True" in found.hint


def test_blank_text_gets_the_empty_one():
    [found] = finds([add(models.CharField(max_length=5, blank=True))], OLD_INSERTS.format("x"))
    assert "db_default=''" in found.hint


def test_timestamp_of_creation():
    finds([add(models.DateTimeField(auto_now_add=True))], OLD_INSERTS.format("x"))


def test_nothing_for_existing_rows():
    finds([add(models.IntegerField())], FAILS.format("x"))
    finds([add(models.ForeignKey("shop.Tag", models.CASCADE))], FAILS.format("x_id"))
    finds([add(models.CharField(max_length=5))], FAILS.format("x"))


def test_going_back_to_a_column_that_cannot_be_empty():
    finds([operations.RemoveField("Order", "number")], FAILS.format("number"), backwards=True)


def test_on_every_vendor():
    for vendor in ("sqlite", "mysql"):
        finds([add(models.IntegerField(default=3))], OLD_INSERTS.format("x"), on=vendor)


def test_nullable():
    clean([add(models.IntegerField(null=True))])


def test_default_in_the_database():
    clean([add(models.IntegerField(db_default=3))])


def test_generated_column():
    clean(
        [
            add(
                models.GeneratedField(
                    expression=models.F("number") * 2,
                    output_field=models.IntegerField(),
                    db_persist=True,
                )
            )
        ]
    )


def test_many_to_many_field():
    clean([add(models.ManyToManyField("shop.Customer"))])


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.AddField("New", "x", models.IntegerField(default=3))])


def test_state_only():
    clean([operations.SeparateDatabaseAndState([], [add(models.IntegerField(default=3))])])


def test_going_back_to_a_column_with_a_default():
    clean([operations.RemoveField("Order", "state")], backwards=True)
    clean([operations.RemoveField("Order", "note")], backwards=True)


def test_column_that_takes_the_name_of_one_that_goes_away():
    """The release that still runs writes to it, and so does not leave it empty; what it loses is another rule's."""
    new = add(models.IntegerField(default=3), name="number")
    clean([operations.RenameField("Order", "number", "old_number"), new])
    clean([operations.RemoveField("Order", "number"), new])
    another = operations.RenameField("Order", "title", "old_title")
    finds([another, add(models.IntegerField(default=3))], OLD_INSERTS.format("x"))
    required = add(models.IntegerField(), name="number")
    finds([operations.RemoveField("Order", "number"), required], FAILS.format("number"))
