from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "field_replaced")
clean = partial(assert_clean, "field_replaced")

MESSAGE = "Column {} of shop_order is dropped and the identical column {} added empty: if this is a renaming, every value is lost."
REMOVE = operations.RemoveField("order", "note")
ADD = operations.AddField("order", "remark", models.TextField(null=True))


def python(apps, schema_editor):
    pass


def test_removed_and_added():
    [found] = finds([REMOVE, ADD], MESSAGE.format("note", "remark"))
    assert "field=models.TextField(db_column='note', null=True)" in found.hint
    assert "new_name='remark'" in found.hint


def test_added_and_removed():
    finds([ADD, REMOVE], MESSAGE.format("note", "remark"))


def test_on_every_vendor():
    for vendor in ("sqlite", "mysql"):
        finds([REMOVE, ADD], MESSAGE.format("note", "remark"), on=vendor)


def test_what_is_only_about_names_and_the_one_off_default_do_not_count():
    field = models.IntegerField(default=1, help_text="x", verbose_name="Y")
    added = operations.AddField("order", "no", field, preserve_default=False)
    finds([operations.RemoveField("order", "number"), added], MESSAGE.format("number", "no"))


def test_foreign_key():
    added = operations.AddField(
        "order", "buyer", models.ForeignKey("shop.Customer", models.CASCADE)
    )
    finds(
        [operations.RemoveField("order", "customer"), added],
        MESSAGE.format("customer_id", "buyer_id"),
    )


def test_values_are_copied_in_between():
    clean([ADD, operations.RunPython(python), REMOVE])
    clean([ADD, operations.RunSQL("UPDATE shop_order SET remark = note"), REMOVE])


def test_other_fields():
    clean([REMOVE, operations.AddField("order", "remark", models.TextField())])
    clean(
        [REMOVE, operations.AddField("order", "remark", models.CharField(max_length=9, null=True))]
    )
    clean(
        [
            REMOVE,
            operations.AddField("order", "x", models.TextField(null=True, choices=[("a", "A")])),
        ]
    )
    clean([REMOVE, operations.AddField("customer", "remark", models.TextField(null=True))])


def test_two_that_look_alike_tell_nothing():
    clean([operations.AddField("order", "other", models.TextField(null=True)), ADD, REMOVE])


def test_same_name():
    clean([REMOVE, operations.AddField("order", "note", models.TextField(null=True))])


def test_what_the_hint_says():
    pinned = operations.AlterField("order", "note", models.TextField(db_column="note", null=True))
    clean([pinned, operations.RenameField("order", "note", "remark")])


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("a", models.TextField())]
    )
    clean(
        [
            new,
            operations.RemoveField("New", "a"),
            operations.AddField("New", "b", models.TextField()),
        ]
    )
