from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_sql_without_if_exists")
clean = partial(assert_clean, "run_sql_without_if_exists")

MESSAGE = (
    "{} in shop.0002_change fails when the migration is run again after a failure in the middle."
)


def run(*texts):
    return [operations.RunSQL(text, "") for text in texts]


@pytest.mark.parametrize(
    ("sql", "what", "hint"),
    [
        ("CREATE TABLE x (a int)", "CREATE TABLE x", "Write CREATE TABLE IF NOT EXISTS x."),
        ("DROP TABLE x, y", "DROP TABLE x, y", "Write DROP TABLE IF EXISTS x, y."),
        ("ALTER TABLE x ADD a int", "Adding column a to x", "Where the server knows"),
        ("ALTER TABLE x DROP COLUMN a", "Dropping column a of x", "Where the server knows"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v", "Where the server knows"),
        ("DROP FUNCTION f", "DROP FUNCTION f", "Where the server knows"),
    ],
)
def test_before_another_statement(sql, what, hint):
    [found] = finds(run(sql, "SELECT 1"), MESSAGE.format(what), on="mysql")
    assert found.hint.startswith(hint)
    finds(run(f"{sql}; SELECT 1"), MESSAGE.format(what), atomic=False)


def test_before_an_operation_of_django():
    added = operations.AddField("Order", "x", models.IntegerField(null=True))
    finds([*run("DROP TABLE x"), added], MESSAGE.format("DROP TABLE x"), on="mysql")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE IF NOT EXISTS x (a int)",
        "DROP TABLE IF EXISTS x",
        "ALTER TABLE x ADD COLUMN IF NOT EXISTS a int",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "CREATE EXTENSION IF NOT EXISTS x",
        "ALTER TABLE x ALTER a SET DEFAULT 1",
        "COMMENT ON TABLE x IS 'y'",
        "UPDATE x SET a = 1",
    ],
)
def test_what_can_be_done_twice(sql):
    clean(run(sql, "SELECT 1"), atomic=False)


def test_nothing_comes_after_it():
    clean(run("SELECT 1", "CREATE TABLE x (a int)"), on="mysql")
    clean(run("CREATE TABLE x (a int)"), atomic=False)


def test_migration_that_is_a_transaction():
    clean(run("CREATE TABLE x (a int)", "SELECT 1"))
    clean(run("CREATE TABLE x (a int)", "SELECT 1"), on="sqlite")
