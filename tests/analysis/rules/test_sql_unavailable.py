from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from django_safe_migrate.sql import Confidence, OperationSQL  # noqa: E402
from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "sql_unavailable")
clean = partial(assert_clean, "sql_unavailable")

PYTHON = operations.RunPython(operations.RunPython.noop, operations.RunPython.noop)


def collected(confidence, reason=""):
    return {"shop.0002_change": (OperationSQL(0, (), confidence, reason),)}


def test_unavailable():
    [found] = finds(
        [PYTHON],
        "The SQL of 'Raw Python operation' in shop.0002_change cannot be shown: It runs Python.",
        sql=collected(Confidence.UNAVAILABLE, "It runs Python."),
    )
    assert found.severity.label == "info"


def test_once_for_nested_operations():
    finds(
        [operations.SeparateDatabaseAndState([PYTHON], [])],
        "The SQL of 'Custom state/database change combination' in shop.0002_change cannot be shown: It runs Python.",
        sql=collected(Confidence.UNAVAILABLE, "It runs Python."),
    )


def test_when_nobody_asked():
    clean([PYTHON])


def test_sql_that_is_there():
    add = operations.AddField("Order", "x", models.TextField(null=True))
    clean([add], sql=collected(Confidence.EXACT))
    clean([add], sql=collected(Confidence.APPROXIMATE, "It reads the live schema."))
