from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "unique_together_used")
clean = partial(assert_clean, "unique_together_used")

ON = {"rules": {"unique_together_used": "warning"}}
MESSAGE = "{} of {} are made unique by unique_together, which may become deprecated."
ALTER = operations.AlterUniqueTogether("Order", {("number", "state")})


def test_altered():
    [found] = finds([ALTER], MESSAGE.format("number, state", "shop_order"), settings=ON)
    assert found.hint == (
        "Use a UniqueConstraint; add_unique says how it is added to a table that others use."
    )
    assert found.severity.label == "warning"


def test_new_table():
    fields = [("id", models.BigAutoField(primary_key=True)), ("a", models.IntegerField())]
    new = operations.CreateModel("New", fields, options={"unique_together": {("id", "a")}})
    finds([new], MESSAGE.format("id, a", "shop_new"), settings=ON)


def test_only_what_is_added():
    more = operations.AlterUniqueTogether("Order", {("number", "state"), ("number", "note")})
    finds(
        [more],
        MESSAGE.format("number, note", "shop_order"),
        before=[*initial(), ALTER],
        settings=ON,
    )
    clean([operations.AlterUniqueTogether("Order", set())], before=[*initial(), ALTER], settings=ON)


def test_constraint():
    unique = models.UniqueConstraint(fields=["number", "state"], name="u")
    clean([operations.AddConstraint("Order", unique)], settings=ON)


def test_not_without_being_asked():
    clean([ALTER])
