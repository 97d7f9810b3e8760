from __future__ import annotations

from functools import partial

from django.db.migrations import operations

from django_safe_migrate.findings import Severity
from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_sql_unread")
clean = partial(assert_clean, "run_sql_unread")

MESSAGE = "What a statement of RunSQL in shop.0002_change locks and destroys is not known: {}"


def run(sql, reverse=""):
    return [operations.RunSQL(sql, reverse)]


def test_code():
    [found] = finds(
        run("DO $$ BEGIN\n  DELETE FROM t; END $$"),
        MESSAGE.format("It is a block of code. It is: DO $$ BEGIN DELETE FROM t; END $$"),
    )
    assert found.severity is Severity.INFO
    finds(
        run("CALL shop.clean()"),
        MESSAGE.format("It calls a procedure, which may do anything. It is: CALL shop.clean()"),
        on="mysql",
    )


def test_what_nobody_knows():
    finds(
        run("FROBNICATE " + "x" * 100),
        MESSAGE.format(
            f"No statement that is known begins with FROBNICATE. It is: FROBNICATE {'x' * 49}..."
        ),
    )


def test_going_back():
    finds(
        run("SELECT 1", "CALL f()"),
        MESSAGE.format("It calls a procedure, which may do anything. It is: CALL f()"),
        backwards=True,
    )


def test_statements_that_are_read():
    clean(
        run(
            "SELECT 1; UPDATE t SET a = %s; ALTER TABLE t ADD b int; CREATE FUNCTION f() RETURNS int AS $$ x $$"
        )
    )
    clean(run("PRAGMA foreign_keys; VACUUM"), on="sqlite")
    clean(run("OPTIMIZE TABLE t; SHOW TABLES"), on="mysql")
    clean(run("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END"), on="sqlite")
