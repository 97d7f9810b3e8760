from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "stored_generated_field")
clean = partial(assert_clean, "stored_generated_field")


def twice(*, stored):
    field = models.GeneratedField(
        expression=models.F("number") * 2, output_field=models.IntegerField(), db_persist=stored
    )
    return operations.AddField("Order", "twice", field)


def test_stored():
    finds(
        [twice(stored=True)],
        "Adding the stored generated column twice to shop_order writes the whole table anew under an ACCESS EXCLUSIVE lock, "
        "which blocks reads and writes.",
    )
    finds(
        [twice(stored=True)],
        "Adding the stored generated column twice to shop_order writes the whole table anew under a copy of the table with "
        "LOCK=SHARED, which blocks writes.",
        on="mysql",
    )


def test_virtual():
    clean([twice(stored=False)])


def test_ordinary_column():
    clean([operations.AddField("Order", "x", models.IntegerField(null=True))])


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
    )
    clean([new, operations.AddField("New", "twice", twice(stored=True).field)])


def test_sqlite_says_so_by_another_rule():
    clean([twice(stored=True)], on="sqlite")


def test_dropping_it():
    clean([twice(stored=True)], backwards=True)
