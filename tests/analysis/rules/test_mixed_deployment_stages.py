from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "mixed_deployment_stages")
clean = partial(assert_clean, "mixed_deployment_stages")

MESSAGE = (
    "shop.0002_change adds {}, which the new release needs, and takes away {}, which the one that still runs uses: neither before nor "
    "after the deployment is a good time for it."
)
ADD = operations.AddField("Order", "x", models.TextField(null=True))
REMOVE = operations.RemoveField("Order", "note")


def test_add_and_remove():
    for vendor in ("postgresql", "mysql", "sqlite"):
        finds(
            [ADD, REMOVE],
            MESSAGE.format("column x of shop_order", "column note of shop_order"),
            on=vendor,
        )


def test_tables():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    finds(
        [new, operations.DeleteModel("Pinned")],
        MESSAGE.format("table shop_new", "table legacy_pinned"),
    )


def test_rename():
    rename = operations.RenameField("Order", "note", "remark")
    finds([ADD, rename], MESSAGE.format("column x of shop_order", "column note of shop_order"))


def test_column_renamed_twice():
    """No release knows the name in between."""
    plain = operations.AlterField("Order", "customer", models.CharField(max_length=255))
    finds(
        [ADD, plain, operations.RenameField("Order", "customer", "buyer")],
        MESSAGE.format("column x of shop_order", "column customer_id of shop_order"),
    )


def test_one_stage():
    clean([ADD, operations.AddField("Customer", "x", models.TextField(null=True))])
    clean([REMOVE, operations.DeleteModel("Pinned")])
    clean([operations.RenameField("Order", "note", "remark")])


def test_what_it_has_made_itself():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("x", models.TextField())]
    )
    clean([new, ADD, operations.RemoveField("New", "x")])
    clean([new, ADD, operations.DeleteModel("New")])
    clean(
        [
            ADD,
            operations.AddField("Order", "y", models.TextField(null=True)),
            operations.RemoveField("Order", "y"),
        ]
    )


def test_column_made_anew():
    clean([REMOVE, operations.AddField("Order", "note", models.IntegerField(null=True))])


def test_state_only():
    clean([ADD, operations.SeparateDatabaseAndState([], [REMOVE])])


def test_going_back():
    clean([ADD, REMOVE], backwards=True)
