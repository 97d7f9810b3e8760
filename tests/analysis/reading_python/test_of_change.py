from __future__ import annotations

import dataclasses

import pytest
from django.db.migrations import operations

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.databases import get_database
from tests.analysis.lint import initial, migration, plan_of, state_after


def go_through(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.all():
        order.save()
    Order.objects.update(state=1)


RULES = (
    "run_python_loads_all_rows",
    "run_python_saves_in_loop",
    "run_python_updates_whole_table",
)


def found(connection, code=go_through):
    plan = plan_of(migration([operations.RunPython(code, operations.RunPython.noop)]))
    settings = dataclasses.replace(conf.load(), rules={})
    results = analyse(plan, get_database(connection), state_after(initial()), settings)
    return [
        (finding.rule, finding.severity.label, "(1 row)" in finding.message)
        for finding in results
        if finding.rule in RULES
    ]


@pytest.fixture
def table(connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shop_order (id integer)")
    return "shop_order"


def test_small_table_is_worth_no_more_than_a_note(connection, table):
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} VALUES (1)")
    assert found(connection) == [(rule, "info", True) for rule in RULES]


def test_empty_table(connection, table):
    assert found(connection) == [(rule, "info", False) for rule in RULES]


def test_table_that_is_not_there_yet(connection):
    assert found(connection) == []


def delete_all(apps, schema_editor):
    apps.get_model("shop", "Order").objects.all().delete()


def test_rows_that_are_lost_count_however_few(connection, table):
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} VALUES (1)")
    assert found(connection, delete_all) == [("run_python_updates_whole_table", "error", True)]
