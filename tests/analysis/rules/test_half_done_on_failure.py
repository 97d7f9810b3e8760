from __future__ import annotations

from functools import partial

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "half_done_on_failure")
clean = partial(assert_clean, "half_done_on_failure")

MESSAGE = "shop.0002_change is not one transaction: when it fails after it has {}, running it again fails because that is done already."
ADD = operations.AddField("Order", "x", models.TextField(null=True))


def fill(apps, schema_editor):
    pass


PYTHON = operations.RunPython(fill, operations.RunPython.noop)


def sql(text):
    return operations.RunSQL(text, operations.RunSQL.noop)


def test_schema_and_code():
    [found] = finds([ADD, PYTHON], MESSAGE.format("changed shop_order"), on="mysql")
    assert found.severity.label == "warning"
    finds(
        [ADD, sql("UPDATE shop_order SET x = 1")], MESSAGE.format("changed shop_order"), on="mysql"
    )
    finds([ADD, PYTHON], MESSAGE.format("changed shop_order"), atomic=False)


def test_new_table_with_its_first_rows():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    [found] = finds([new, PYTHON], MESSAGE.format("changed shop_new"), on="mysql")
    assert found.severity.label == "info"


def writes(apps, schema_editor):
    apps.get_model("shop", "Order").objects.filter(pk=1).update(state=1)


def test_rows_written_before_a_schema_change():
    [found] = finds(
        [operations.RunPython(writes, operations.RunPython.noop), ADD],
        "shop.0002_change is not one transaction: when it fails to change shop_order, what RunPython has written to shop_order stays, "
        "and running it again writes it once more.",
        on="mysql",
    )
    assert found.severity.label == "warning"
    clean([operations.RunPython(writes), ADD])


def test_sql():
    finds([sql("CREATE TABLE a (b int)"), PYTHON], MESSAGE.format("run its SQL"), atomic=False)


def test_one_transaction():
    clean([ADD, PYTHON])
    clean([ADD, PYTHON], on="sqlite")


def test_code_first():
    clean([PYTHON, ADD], on="mysql")


def test_one_step():
    clean([ADD], on="mysql")
    clean([PYTHON], atomic=False)
    clean([AddIndexConcurrently("Order", models.Index(fields=["number"], name="n"))], atomic=False)


def test_what_does_nothing():
    clean([ADD, operations.RunPython(operations.RunPython.noop)], on="mysql")
    clean([ADD, sql("")], on="mysql")


def test_sql_that_can_be_run_again():
    clean([sql("CREATE TABLE IF NOT EXISTS a (b int); UPDATE a SET b = 1"), PYTHON], atomic=False)


def test_several_schema_changes_are_for_another_rule():
    clean([ADD, operations.AddField("Order", "y", models.TextField(null=True)), PYTHON], on="mysql")
