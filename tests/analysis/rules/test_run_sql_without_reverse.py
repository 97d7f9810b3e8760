from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_sql_without_reverse")
clean = partial(assert_clean, "run_sql_without_reverse")

MESSAGE = "RunSQL in shop.0002_change has no reverse, so that neither it nor what comes after it can be undone."


def test_text():
    [found] = finds([operations.RunSQL("UPDATE shop_order SET number = 1")], MESSAGE)
    assert found.severity.label == "warning"


def test_list_with_parameters():
    finds([operations.RunSQL([("UPDATE shop_order SET number = %s", [1])])], MESSAGE)


def test_with_a_reverse():
    clean([operations.RunSQL("UPDATE shop_order SET number = 1", operations.RunSQL.noop)])
    clean([operations.RunSQL("CREATE VIEW v AS SELECT 1", "DROP VIEW v")])


def test_going_back_is_for_another_rule():
    clean([operations.RunSQL("UPDATE shop_order SET number = 1")], backwards=True)


def test_schema_change():
    clean([operations.AddField("Order", "x", models.TextField(null=True))])
