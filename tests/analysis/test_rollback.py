from __future__ import annotations

import pytest
from django.db import models
from django.db.migrations import operations

from django_safe_migrate.analysis import outlook, outlooks
from tests.analysis.lint import initial, migration, plan_of, state_after, vendor


def looked_at(*ops, on="postgresql", backwards=False):
    plan = plan_of(migration(ops), backwards=backwards)
    with vendor(on):
        return outlook(plan.steps[0], state_after(initial()))


def lost(*ops, **options):
    return [loss.description for loss in looked_at(*ops, **options).lossy]


@pytest.mark.parametrize("backwards", [False, True])
def test_what_going_back_drops(backwards):
    add = operations.AddField("Order", "x", models.TextField(null=True))
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    tags = operations.AddField("New", "tags", models.ManyToManyField("shop.Tag"))
    assert lost(add, new, tags, backwards=backwards) == [
        "column x of shop_order is dropped with its values",
        "table shop_new is dropped with its rows",
        "table shop_new_tags is dropped with its rows",
    ]


def test_what_comes_back_empty():
    assert lost(operations.RemoveField("Order", "note"), operations.DeleteModel("Tag")) == [
        "column note of shop_order comes back without its values",
        "table shop_tag comes back without its rows",
    ]


def test_columns_of_a_table_of_the_same_migration_go_with_it():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    add = operations.AddField("New", "x", models.TextField(null=True))
    assert lost(new, add) == ["table shop_new is dropped with its rows"]


def test_types():
    narrower = operations.AlterField("Order", "title", models.CharField(max_length=50))
    wider = operations.AlterField("Order", "title", models.CharField(max_length=200))
    assert lost(narrower) == [
        "column title of shop_order keeps what varchar(50) made of its values"
    ]
    assert lost(wider) == [
        "column title of shop_order cannot hold every varchar(200) as varchar(100)"
    ]
    assert lost(narrower, on="sqlite") == []


def test_hand_written_sql():
    sql = operations.RunSQL("DELETE FROM shop_tag", "SELECT 1")
    assert lost(sql) == [
        "hand-written SQL deletes all rows of table shop_tag, and its reverse cannot bring that back"
    ]


def test_what_loses_nothing():
    found = looked_at(
        operations.AddIndex("Order", models.Index(fields=["number"], name="n")),
        operations.RenameField("Order", "note", "remark"),
        operations.AlterField("Order", "number", models.IntegerField(null=True)),
        operations.RunPython(operations.RunPython.noop, operations.RunPython.noop),
        operations.SeparateDatabaseAndState([], [operations.DeleteModel("Tag")]),
    )
    assert found.lossy == ()
    assert found.irreversible == ()


def test_what_has_no_reverse():
    python = operations.RunPython(operations.RunPython.noop)
    nested = operations.SeparateDatabaseAndState([operations.RunSQL("SELECT 1")], [])
    assert looked_at(python, nested).irreversible == (
        "Raw Python operation has no reverse",
        "Raw SQL operation has no reverse",
    )


def test_column_that_cannot_be_added_again():
    assert looked_at(operations.RemoveField("Order", "number")).irreversible == (
        "column number of shop_order is NOT NULL and has no default: it cannot be added again while the table has rows",
    )
    assert looked_at(operations.RemoveField("Order", "state")).irreversible == ()


@pytest.mark.parametrize("backwards", [False, True])
def test_each_migration_of_a_plan_in_its_order(backwards):
    plan = plan_of(
        migration([operations.AddField("Order", "x", models.TextField(null=True))], "0002"),
        migration([operations.RenameField("Order", "x", "y")], "0003"),
        migration([operations.RemoveField("Order", "y")], "0004"),
        backwards=backwards,
    )
    found = outlooks(plan, state_after(initial()))
    told = [[loss.description for loss in one.lossy] for one in found]
    expected = [
        ["column x of shop_order is dropped with its values"],
        [],
        ["column y of shop_order comes back without its values"],
    ]
    assert told == (expected[::-1] if backwards else expected)
