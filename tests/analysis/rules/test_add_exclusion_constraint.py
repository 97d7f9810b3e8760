from __future__ import annotations

from functools import partial

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "add_exclusion_constraint")
clean = partial(assert_clean, "add_exclusion_constraint")

CONSTRAINT = ExclusionConstraint(name="one_per_number", expressions=[("number", "=")])
MESSAGE = (
    "Adding exclusion constraint one_per_number to shop_order reads the whole table and builds an index under an ACCESS EXCLUSIVE lock, "
    "which blocks reads and writes, and fails on two rows that conflict."
)


def test_added():
    finds([operations.AddConstraint("Order", CONSTRAINT)], MESSAGE)


def test_coming_back():
    added = [*initial(), operations.AddConstraint("Order", CONSTRAINT)]
    finds(
        [operations.RemoveConstraint("Order", "one_per_number")],
        MESSAGE,
        before=added,
        backwards=True,
    )


def test_other_constraints():
    clean([operations.AddConstraint("Order", models.UniqueConstraint(fields=["number"], name="u"))])
    clean(
        [
            operations.AddConstraint(
                "Order", models.CheckConstraint(condition=models.Q(number=1), name="c")
            )
        ]
    )


def test_removed():
    added = [*initial(), operations.AddConstraint("Order", CONSTRAINT)]
    clean([operations.RemoveConstraint("Order", "one_per_number")], before=added)


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
    )
    clean([new, operations.AddConstraint("New", CONSTRAINT)])
