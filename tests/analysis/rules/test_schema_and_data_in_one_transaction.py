from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "schema_and_data_in_one_transaction")
clean = partial(assert_clean, "schema_and_data_in_one_transaction")

ADD = operations.AddField("Order", "x", models.TextField(null=True))
MESSAGE = "RunPython in shop.0002_change runs while the transaction holds an ACCESS EXCLUSIVE lock, which blocks reads and writes, on {}."


def fill_numbers(apps, schema_editor):
    """Stands for a data migration."""


DATA = operations.RunPython(fill_numbers, operations.RunPython.noop)


def test_data_after_schema():
    [found] = finds([ADD, DATA], MESSAGE.format("shop_order"))
    assert found.severity.label == "warning"


def test_several_tables_under_their_new_names():
    changes = [ADD, operations.AlterModelTable("Tag", "labels")]
    finds([*changes, DATA], MESSAGE.format("shop_order, labels"))


def test_going_back():
    forwards = operations.RunPython(operations.RunPython.noop, fill_numbers)
    finds([forwards, ADD], MESSAGE.format("shop_order"), backwards=True)


def test_data_before_schema():
    clean([DATA, ADD])


def test_nothing_to_run():
    clean([ADD, operations.RunPython(operations.RunPython.noop, fill_numbers)])
    clean([ADD, operations.RunPython(fill_numbers)], backwards=True)


def test_migration_that_is_not_atomic():
    clean([ADD, DATA], atomic=False)


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, DATA])


def test_change_of_the_state_only():
    clean([operations.SeparateDatabaseAndState([], [ADD]), DATA])
    clean(
        [operations.AlterField("Order", "note", models.TextField(null=True, help_text="x")), DATA]
    )


def test_other_vendors():
    for vendor in ("sqlite", "mysql"):
        clean([ADD, DATA], on=vendor)
