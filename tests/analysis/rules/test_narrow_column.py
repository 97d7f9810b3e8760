from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "narrow_column")
clean = partial(assert_clean, "narrow_column")

MESSAGE = "Column {} of shop_order becomes {}, which cannot hold every {}: a value that does not fit is cut off, or makes the migration fail."


def alter(name, field):
    return [operations.AlterField("Order", name, field)]


def test_text_with_a_length():
    field = models.CharField(max_length=50, null=True)
    finds(alter("note", field), MESSAGE.format("note", "varchar(50)", "text"))


def test_shorter_text():
    finds(
        alter("title", models.SlugField(max_length=50)),
        MESSAGE.format("title", "varchar(50)", "varchar(100)"),
    )


def test_smaller_integer():
    finds(
        alter("number", models.SmallIntegerField()), MESSAGE.format("number", "smallint", "integer")
    )


def test_fewer_digits():
    field = models.DecimalField(max_digits=8, decimal_places=1)
    finds(alter("total", field), MESSAGE.format("total", "numeric(8, 1)", "numeric(8, 2)"))
    finds(
        alter("total", models.IntegerField()), MESSAGE.format("total", "integer", "numeric(8, 2)")
    )


def test_going_back_to_the_smaller_type():
    change = alter("number", models.BigIntegerField())
    finds(change, MESSAGE.format("number", "integer", "bigint"), backwards=True)


def test_larger_types():
    clean(alter("number", models.BigIntegerField()))
    clean(alter("number", models.CharField(max_length=11)))
    clean(alter("title", models.TextField()))
    clean(alter("total", models.DecimalField(max_digits=9, decimal_places=3)))


def test_sqlite_keeps_what_does_not_fit():
    clean(alter("title", models.CharField(max_length=50)), on="sqlite")


def test_other_things_about_the_column():
    clean(alter("title", models.CharField(max_length=100, null=True, db_index=True)))
