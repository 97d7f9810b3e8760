from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "automatic_name")
clean = partial(assert_clean, "automatic_name")

ON = {"rules": {"automatic_name": "warning"}}
ADD = operations.AddField("Order", "x", models.TextField(null=True))


def test_date():
    [found] = finds(
        [ADD],
        "The name of shop.0002_auto_20240101_1200 does not say what it does.",
        name="0002_auto_20240101_1200",
        settings=ON,
    )
    assert found.severity.label == "warning"


def test_names_that_say_something():
    for name in (
        "0002_order_x",
        "0001_initial",
        "0002_auto_close_orders",
        "0002_auto_20240101_1200_order_x",
    ):
        clean([ADD], name=name, settings=ON)


def test_not_without_being_asked():
    clean([ADD], name="0002_auto_20240101_1200")
