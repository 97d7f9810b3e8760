from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "irreversible_operation")
clean = partial(assert_clean, "irreversible_operation")

MESSAGE = "shop.0002_change cannot be undone, because its operation {!r} has no reverse."


def test_python_and_sql():
    python = operations.RunPython(operations.RunPython.noop)
    finds([python], MESSAGE.format("Raw Python operation"), backwards=True)
    finds([operations.RunSQL("SELECT 1")], MESSAGE.format("Raw SQL operation"), backwards=True)


def test_nested():
    nested = operations.SeparateDatabaseAndState([operations.RunSQL("SELECT 1")], [])
    [found] = finds([nested], MESSAGE.format("Raw SQL operation"), backwards=True)
    assert found.severity.label == "error"


def test_in_a_package_it_is_impossible_too():
    [found] = finds(
        [operations.RunSQL("SELECT 1")],
        MESSAGE.format("Raw SQL operation"),
        backwards=True,
        third_party=True,
    )
    assert found.is_blocking


def test_with_a_reverse():
    clean([operations.RunSQL("SELECT 1", "SELECT 2")], backwards=True)
    clean([operations.AddField("Order", "x", models.TextField(null=True))], backwards=True)


def test_going_forwards():
    clean([operations.RunSQL("SELECT 1")])
