from __future__ import annotations

from django.contrib.postgres.operations import TrigramExtension
from django.db import models
from django.db.migrations import operations

from django_safe_migrate.analysis import destroys_data
from tests.analysis.lint import initial, migration, plan_of, state_after, vendor


def reasons(*ops, on="postgresql", backwards=False):
    with vendor(on):
        return destroys_data(plan_of(migration(ops), backwards=backwards), state_after(initial()))


def fill(apps, schema_editor):
    """Stands for a data migration."""


def test_drops():
    assert reasons(operations.RemoveField("Order", "note"), operations.DeleteModel("Tag")) == (
        "shop.0002_change drops column note of shop_order",
        "shop.0002_change drops table shop_tag",
    )


def test_types_that_cannot_hold_everything():
    narrower = operations.AlterField("Order", "title", models.CharField(max_length=50))
    assert reasons(narrower) == (
        "shop.0002_change changes the type of column title of shop_order to varchar(50)",
    )
    assert reasons(narrower, on="sqlite") == ()
    unknown = operations.AlterField("Order", "title", models.IntegerField())
    assert reasons(unknown, on="mysql") == (
        "shop.0002_change changes the type of column title of shop_order to integer",
    )


def test_what_nobody_knows():
    assert reasons(operations.RunPython(fill), operations.RunSQL("SELECT 1")) == (
        "shop.0002_change runs Python (fill)",
        "shop.0002_change runs hand-written SQL",
    )


def test_going_back():
    add = operations.AddField("Order", "x", models.TextField(null=True))
    assert reasons(add) == ()
    assert reasons(add, backwards=True) == ("shop.0002_change drops column x of shop_order",)
    assert reasons(operations.RunPython(fill, operations.RunPython.noop), backwards=True) == ()


def test_what_destroys_nothing():
    assert (
        reasons(
            operations.AlterField("Order", "title", models.TextField()),
            operations.AlterField("Order", "number", models.IntegerField(null=True, help_text="x")),
            operations.RenameModel("Order", "Purchase"),
            operations.AddIndex("Purchase", models.Index(fields=["number"], name="n")),
            operations.RunPython(operations.RunPython.noop),
            operations.RunSQL(operations.RunSQL.noop),
            operations.RunSQL(
                "CREATE INDEX i ON shop_purchase (number); SET LOCAL lock_timeout = 0"
            ),
            TrigramExtension(),
            operations.SeparateDatabaseAndState([], [operations.DeleteModel("Tag")]),
        )
        == ()
    )


def test_a_table_of_the_plan_itself_holds_nothing():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    assert reasons(new, operations.DeleteModel("New")) == ()
