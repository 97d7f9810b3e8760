from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_python_destructive_sql")
clean = partial(assert_clean, "run_python_destructive_sql")

MESSAGE = (
    "RunPython of {} in shop.0002_change executes SQL that {}, and what it held is gone for good."
)
TRUNCATE = "TRUNCATE shop_order"


def drops(apps, schema_editor):
    schema_editor.execute("DROP TABLE shop_order")


def deletes(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_order")


def truncates_by_a_name(apps, schema_editor):
    schema_editor.execute(TRUNCATE)


def drops_a_column(apps, schema_editor):
    schema_editor.execute("SELECT 1; ALTER TABLE shop_order DROP COLUMN note")


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (drops, "drops table shop_order"),
        (deletes, "deletes all rows of table shop_order"),
        (truncates_by_a_name, "truncates table shop_order"),
        (drops_a_column, "drops column note of table shop_order"),
    ],
)
def test_losses(function, what):
    [found] = finds([operations.RunPython(function)], MESSAGE.format(function.__name__, what))
    assert found.severity.label == "error"
    assert found.file == __file__
    assert found.tables == ("shop_order",)


def test_going_back():
    finds(
        [operations.RunPython(operations.RunPython.noop, drops)],
        MESSAGE.format("drops", "drops table shop_order"),
        backwards=True,
    )


def conditional(apps, schema_editor):
    schema_editor.execute("DELETE FROM shop_order WHERE id = 4711")


def own_copy(apps, schema_editor):
    schema_editor.execute("CREATE TEMPORARY TABLE busy AS SELECT id FROM shop_order")
    schema_editor.execute("DROP TABLE busy")


def text_of_parameters(apps, schema_editor):
    schema_editor.execute("UPDATE shop_order SET note = %s WHERE id = 1", ["DROP TABLE shop_order"])


def composed(apps, schema_editor):
    for table in ("a", "b"):
        schema_editor.execute(f"DROP TABLE {table}")


@pytest.mark.parametrize("function", [conditional, own_copy, text_of_parameters, composed])
def test_nothing_is_known_to_be_lost(function):
    clean([operations.RunPython(function)])


def drops_new(apps, schema_editor):
    schema_editor.execute("DROP TABLE shop_new")


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.RunPython(drops_new)])


# --- conditions on the vendor ---------------------------------------------------------------------------------------------------


def leaves_unless_postgresql(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("DROP TABLE shop_order")


def only_on_postgresql(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    if vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("DROP TABLE shop_order")


def by_a_function(apps, schema_editor):
    if not _is_postgresql(schema_editor):
        return None
    return schema_editor.execute("DROP TABLE shop_order")


def _is_postgresql(editor):
    return editor.connection.vendor in ("postgresql",)


def in_a_helper(apps, schema_editor):
    if "postgresql" == schema_editor.connection.vendor and apps is not None:  # noqa: SIM300 - that way round as well
        _drop(schema_editor)


def _drop(editor):
    editor.execute("DROP TABLE shop_order")


def in_a_branch(apps, schema_editor):
    if schema_editor.connection.vendor in {"sqlite", "mysql"}:
        schema_editor.execute("SELECT 1")
    else:
        schema_editor.execute("DROP TABLE shop_order")


def passed_over_in_a_loop(apps, schema_editor):
    for _ in range(3):
        if schema_editor.connection.vendor in ("sqlite", "mysql"):
            continue
        schema_editor.execute("DROP TABLE shop_order")


def in_an_expression(apps, schema_editor):
    is_other = schema_editor.connection.vendor != "postgresql"
    return None if is_other else schema_editor.execute("DROP TABLE shop_order")


def one_of_two(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    if vendor == "sqlite" or vendor == "mysql":
        return
    schema_editor.execute("DROP TABLE shop_order")


@pytest.mark.parametrize(
    "function",
    [
        leaves_unless_postgresql,
        only_on_postgresql,
        by_a_function,
        in_a_helper,
        in_a_branch,
        passed_over_in_a_loop,
        in_an_expression,
        one_of_two,
    ],
    ids=lambda function: function.__name__,
)
def test_only_what_is_executed_on_this_vendor(function):
    message = MESSAGE.format(function.__name__, "drops table shop_order")
    finds([operations.RunPython(function)], message, on="postgresql")
    for vendor in ("sqlite", "mysql"):
        clean([operations.RunPython(function)], on=vendor)


def after_the_branch(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SELECT 1")
    schema_editor.execute("DROP TABLE shop_order")


def after_the_loop(apps, schema_editor):
    for _ in range(3):
        if schema_editor.connection.vendor != "oracle":
            continue
    schema_editor.execute("DROP TABLE shop_order")


def one_condition_of_two(apps, schema_editor):
    if schema_editor.connection.vendor == "oracle" or apps:
        schema_editor.execute("DROP TABLE shop_order")


def leaves_if_both(apps, schema_editor):
    if schema_editor.connection.vendor in ("sqlite", "mysql", "postgresql") and not apps:
        return
    schema_editor.execute("DROP TABLE shop_order")


def another_attribute(apps, schema_editor):
    if schema_editor.connection.alias == "oracle":
        schema_editor.execute("DROP TABLE shop_order")


def twice(apps, schema_editor):
    if schema_editor.connection.vendor != "oracle":
        _drop(schema_editor)
    _drop(schema_editor)


@pytest.mark.parametrize(
    "function",
    [
        after_the_branch,
        after_the_loop,
        one_condition_of_two,
        leaves_if_both,
        another_attribute,
        twice,
    ],
    ids=lambda function: function.__name__,
)
def test_what_may_be_executed_everywhere(function):
    message = MESSAGE.format(function.__name__, "drops table shop_order")
    for vendor in ("postgresql", "sqlite", "mysql"):
        finds([operations.RunPython(function)], message, on=vendor)
