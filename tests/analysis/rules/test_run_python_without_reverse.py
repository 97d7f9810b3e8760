from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_python_without_reverse")
clean = partial(assert_clean, "run_python_without_reverse")

MESSAGE = "{} in shop.0002_change has no reverse, so that neither it nor what comes after it can be undone."


def fill_numbers(apps, schema_editor):
    """Stands for a data migration."""


def test_named_function():
    [found] = finds(
        [operations.RunPython(fill_numbers)], MESSAGE.format("RunPython of fill_numbers")
    )
    assert found.severity.label == "warning"
    assert "reverse_code=" in found.hint


def test_lambda():
    finds([operations.RunPython(lambda apps, editor: None)], MESSAGE.format("RunPython"))


def test_nested():
    nested = operations.SeparateDatabaseAndState([operations.RunPython(fill_numbers)], [])
    finds([nested], MESSAGE.format("RunPython of fill_numbers"))


def test_with_a_reverse():
    clean([operations.RunPython(fill_numbers, fill_numbers)])
    clean([operations.RunPython(fill_numbers, operations.RunPython.noop)])


def test_going_back_is_for_another_rule():
    clean([operations.RunPython(fill_numbers)], backwards=True)


def test_schema_change():
    clean([operations.AddField("Order", "x", models.TextField(null=True))])
