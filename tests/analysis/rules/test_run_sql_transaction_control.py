from __future__ import annotations

from functools import partial

import pytest
from django.db.migrations import operations

from django_safe_migrate.findings import Severity
from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_sql_transaction_control")
clean = partial(assert_clean, "run_sql_transaction_control")

BEGIN = "BEGIN in shop.0002_change has no effect or fails, because the migration is a transaction already."
COMMIT = "COMMIT in shop.0002_change ends the transaction of the migration, so that a failure after it leaves the migration half done."
ROLLBACK = "ROLLBACK in shop.0002_change undoes what the migration has done so far, and ends its transaction."


def run(sql, reverse=""):
    return [operations.RunSQL(sql, reverse)]


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite"])
def test_transaction_of_its_own(vendor):
    begun, committed = finds(
        run("BEGIN; UPDATE shop_order SET number = 1 WHERE id = 1; END"), BEGIN, COMMIT, on=vendor
    )
    assert (begun.severity, committed.severity) == (Severity.WARNING, Severity.ERROR)


def test_rollback():
    finds(run("SELECT 1", "ROLLBACK"), ROLLBACK, backwards=True)


def test_savepoints_stay_inside():
    clean(run("SAVEPOINT a; ROLLBACK TO a; RELEASE a"))


def test_migration_that_is_no_transaction():
    clean(run("BEGIN; SELECT 1; COMMIT"), atomic=False)
    clean(run("START TRANSACTION; SELECT 1; COMMIT"), on="mysql")


def test_begin_of_a_body():
    clean(run("DO $$ BEGIN COMMIT; END $$"))
    clean(run("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END"), on="sqlite")
