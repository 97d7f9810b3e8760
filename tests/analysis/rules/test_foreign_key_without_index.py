from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "foreign_key_without_index")
clean = partial(assert_clean, "foreign_key_without_index")

MESSAGE = "The foreign key {} of {} has no index, so that deleting a row that it refers to reads the whole table."


def reference(**options):
    return models.ForeignKey(
        "shop.Customer", models.CASCADE, **{"null": True, "db_index": False, **options}
    )


ADD = operations.AddField("Pinned", "x", reference())
ON_PINNED = MESSAGE.format("x", "legacy_pinned")


def test_added():
    for vendor in ("postgresql", "sqlite"):
        [found] = finds([ADD], ON_PINNED, on=vendor)
        assert found.severity.label == "info"


def test_altered():
    finds(
        [operations.AlterField("Order", "customer", reference())],
        MESSAGE.format("customer", "shop_order"),
    )


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("x", reference())]
    )
    finds([new], MESSAGE.format("x", "shop_new"))


def test_index_that_begins_with_something_else():
    index = models.Index(fields=["note", "x"], name="i")
    finds([ADD, operations.AddIndex("Pinned", index)], ON_PINNED)


def test_said_once():
    clean(
        [operations.AddField("Pinned", "y", models.TextField(null=True))], before=[*initial(), ADD]
    )


def test_usual_foreign_key():
    clean([operations.AddField("Pinned", "x", reference(db_index=True))])
    clean(
        [
            operations.AddField(
                "Pinned", "x", models.OneToOneField("shop.Customer", models.CASCADE, null=True)
            )
        ]
    )


def test_index_of_its_own():
    clean([ADD, operations.AddIndex("Pinned", models.Index(fields=["x", "note"], name="i"))])
    clean(
        [
            ADD,
            operations.AddConstraint(
                "Pinned", models.UniqueConstraint(fields=["x", "note"], name="u")
            ),
        ]
    )
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("x", reference()),
        ("n", models.IntegerField()),
    ]
    clean([operations.CreateModel("New", fields, options={"unique_together": {("x", "n")}})])
    clean(
        [
            operations.CreateModel(
                "New", fields, options={"indexes": [models.Index(fields=["-x"], name="i")]}
            )
        ]
    )


def test_mysql_makes_an_index():
    clean([ADD], on="mysql")


def test_many_to_many():
    clean([operations.AddField("Pinned", "x", models.ManyToManyField("shop.Customer"))])
