from __future__ import annotations

from functools import partial

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint  # noqa: E402
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "set_not_null")
clean = partial(assert_clean, "set_not_null")

SCAN = "Making column note of shop_order NOT NULL reads the whole table under an ACCESS EXCLUSIVE lock, which blocks reads and writes"
PROOF = models.CheckConstraint(condition=models.Q(note__isnull=False), name="note_not_null")
SET = operations.AlterField("Order", "note", models.TextField())


def test_without_a_default_it_can_fail():
    [found] = finds([SET], f"{SCAN}, and fails on a row that holds NULL.")
    assert "condition=models.Q(note__isnull=False)" in found.hint


def test_with_a_default_django_fills_it():
    finds([operations.AlterField("Order", "note", models.TextField(default=""))], f"{SCAN}.")


def test_going_back_to_not_null():
    nullable = operations.AlterField("Order", "number", models.IntegerField(null=True))
    finds(
        [nullable],
        "Making column number of shop_order NOT NULL reads the whole table under an ACCESS EXCLUSIVE lock, which blocks reads and "
        "writes, and fails on a row that holds NULL.",
        backwards=True,
    )


def test_constraint_that_is_not_validated_proves_nothing():
    finds(
        [AddConstraintNotValid("Order", PROOF), SET], f"{SCAN}, and fails on a row that holds NULL."
    )


def test_constraint_about_something_else_proves_nothing():
    other = models.CheckConstraint(condition=models.Q(title__isnull=False), name="other")
    finds(
        [operations.AddConstraint("Order", other), SET],
        f"{SCAN}, and fails on a row that holds NULL.",
    )


def test_what_the_hint_says():
    clean(
        [AddConstraintNotValid("Order", PROOF), ValidateConstraint("Order", "note_not_null"), SET]
    )


def test_constraint_that_exists_already():
    clean([operations.AddConstraint("Order", PROOF), SET])


def test_dropping_not_null():
    clean([operations.AlterField("Order", "number", models.IntegerField(null=True))])


def test_column_that_is_not_null_already():
    clean([operations.AlterField("Order", "number", models.IntegerField(default=3))])


def test_other_vendors_do_not_block():
    for vendor in ("sqlite", "mysql"):
        clean([SET], on=vendor)
