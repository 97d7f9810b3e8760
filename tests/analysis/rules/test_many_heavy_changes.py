from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "many_heavy_changes")
clean = partial(assert_clean, "many_heavy_changes")

MESSAGE = "shop.0002_change works through all rows of shop_order {} times in a row."
NUMBER = operations.AlterField("Order", "number", models.BigIntegerField())
STATE = operations.AlterField("Order", "state", models.BigIntegerField(default=0))
INDEX = operations.AddIndex("Order", models.Index(fields=["number"], name="n"))
CHECK = operations.AddConstraint(
    "Order", models.CheckConstraint(condition=models.Q(number=1), name="c")
)


def test_three():
    finds([NUMBER, STATE, INDEX], MESSAGE.format(3))
    finds([NUMBER, STATE, INDEX, CHECK], MESSAGE.format(4))


def test_operation_that_works_through_the_rows_twice():
    """Django builds an index for LIKE beside that of the unique constraint; both count, but are one change."""
    unique = operations.AlterField("Order", "title", models.CharField(max_length=100, unique=True))
    finds([NUMBER, STATE, unique], MESSAGE.format(4))
    clean([NUMBER, unique])


def test_indexes_and_constraints_on_mysql():
    other = operations.AddIndex("Order", models.Index(fields=["state"], name="s"))
    finds([INDEX, CHECK, other], MESSAGE.format(3), on="mysql")


def test_going_back():
    finds(
        [NUMBER, STATE, operations.RemoveIndex("Order", "title_idx")],
        MESSAGE.format(3),
        backwards=True,
    )


def test_two():
    clean([NUMBER, STATE])


def test_on_different_tables():
    other = operations.AddIndex("Customer", models.Index(fields=["name"], name="c"))
    clean([NUMBER, STATE, other])


def test_quick_ones():
    add = [operations.AddField("Order", f"x{n}", models.TextField(null=True)) for n in range(4)]
    clean([*add, operations.AlterField("Order", "title", models.CharField(max_length=200))])


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("a", models.IntegerField())]
    )
    clean(
        [
            new,
            *(
                operations.AddIndex("New", models.Index(fields=["a"], name=f"i{n}"))
                for n in range(4)
            ),
        ]
    )
