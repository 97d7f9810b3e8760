from __future__ import annotations

from functools import partial

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "reverse_blocks")
clean = partial(assert_clean, "reverse_blocks")

AE = "an ACCESS EXCLUSIVE lock, which blocks reads and writes"
SHARE = "a SHARE lock, which blocks writes"
COPY = "a copy of the table with LOCK=SHARED, which blocks writes"
MESSAGE = "Undoing shop.0002_change works through all rows of shop_order under {}."
CHECK = models.CheckConstraint(condition=models.Q(number__gt=0), name="c")


def test_index_to_be_built_again():
    finds([operations.RemoveIndex("Order", "title_idx")], MESSAGE.format(SHARE))
    finds(
        [operations.AlterField("Order", "indexed", models.IntegerField(null=True))],
        MESSAGE.format(SHARE),
    )


def test_constraint_to_be_checked_again():
    added = [*initial(), operations.AddConstraint("Order", CHECK)]
    finds([operations.RemoveConstraint("Order", "c")], MESSAGE.format(AE), before=added)
    finds(
        [operations.RemoveConstraint("Order", "c")], MESSAGE.format(COPY), before=added, on="mysql"
    )


def test_not_null_to_be_checked_again():
    finds(
        [operations.AlterField("Order", "number", models.IntegerField(null=True))],
        MESSAGE.format(AE),
    )


def test_wider_column():
    wider = operations.AlterField("Order", "title", models.CharField(max_length=200))
    finds([wider], MESSAGE.format(AE))


def test_indexed_column_to_be_added_again():
    finds([operations.RemoveField("Order", "indexed")], MESSAGE.format(AE))


def test_indexed_column_to_be_added_again_without_a_transaction():
    """Adding the column takes an instant, and its lock is gone when the index is built."""
    finds([operations.RemoveField("Order", "indexed")], MESSAGE.format(SHARE), atomic=False)


def test_said_once_for_each_lock():
    null = operations.AlterField("Order", "number", models.IntegerField(null=True))
    wider = operations.AlterField("Order", "title", models.CharField(max_length=200))
    index = operations.RemoveIndex("Order", "title_idx")
    finds([null, wider, index], MESSAGE.format(SHARE), MESSAGE.format(AE))


def test_index_that_is_built_under_the_lock_of_what_is_undone_before():
    wider = operations.AlterField("Order", "title", models.CharField(max_length=200))
    index = operations.RemoveIndex("Order", "title_idx")
    finds([index, wider], MESSAGE.format(AE))
    finds([index, wider], MESSAGE.format(AE), MESSAGE.format(SHARE), atomic=False)


def test_table_that_comes_back_empty():
    unique = operations.AlterUniqueTogether("Pinned", {("id", "note")})
    gone = operations.AlterUniqueTogether("Pinned", set()), operations.DeleteModel("Pinned")
    clean(gone, before=[*initial(), unique])


def test_what_blocks_as_long_forwards():
    clean([operations.AlterField("Order", "number", models.BigIntegerField())])
    clean([operations.AddIndex("Order", models.Index(fields=["number"], name="n"))])


def test_concurrently():
    clean([RemoveIndexConcurrently("Order", "title_idx")], atomic=False)


def test_quick_both_ways():
    clean([operations.AddField("Order", "x", models.TextField(null=True))])
    clean([operations.RemoveField("Order", "note")])
    clean([operations.AlterField("Order", "number", models.IntegerField(help_text="x"))])
    clean([operations.AlterField("Order", "number", models.IntegerField(null=True))], on="mysql")


def test_index_that_is_built_while_others_write():
    clean([operations.RemoveIndex("Order", "title_idx")], on="mysql")


def test_going_back():
    clean([operations.RemoveIndex("Order", "title_idx")], backwards=True)
