from __future__ import annotations

from functools import partial

from django.contrib.postgres.operations import TrigramExtension
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation

from django_safe_migrate.sql import Confidence, OperationSQL
from tests.analysis.lint import assert_clean, assert_finds, findings

finds = partial(assert_finds, "unrecognised_operation")
clean = partial(assert_clean, "unrecognised_operation")

MESSAGE = (
    "Partition in shop.0002_change is not one of Django's operations: its effect is not known, and it is treated as one that may lock "
    "every table and change every row."
)


class Partition(Operation):
    """An operation of a library."""

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label, state):
        """Nothing that a model shows."""


def collected(*statements):
    return {"shop.0002_change": (OperationSQL(0, statements, Confidence.EXACT),)}


def test_operation_of_a_library():
    for on in ("postgresql", "mysql", "sqlite"):
        [found] = finds([Partition()], MESSAGE, on=on)
        assert found.severity.label == "warning"
    finds([operations.SeparateDatabaseAndState([Partition()])], MESSAGE)
    finds([Partition()], MESSAGE, backwards=True)


def test_sql_that_was_collected_is_looked_at_instead():
    sql = collected("CREATE TABLE part (id integer)")
    clean([Partition()], sql=sql)
    dropped = findings([Partition()], sql=collected("DROP TABLE shop_order"))
    assert "run_sql_destructive" in {finding.rule for finding in dropped}


def test_sql_that_cannot_be_read():
    finds([Partition()], MESSAGE, sql=collected("FROBNICATE shop_order"))


def test_operations_of_django():
    clean([operations.RunSQL("SELECT 1", "")])
    clean([TrigramExtension()])
