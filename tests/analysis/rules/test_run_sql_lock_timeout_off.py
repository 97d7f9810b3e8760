from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_sql_lock_timeout_off")
clean = partial(assert_clean, "run_sql_lock_timeout_off")

MESSAGE = (
    "shop.0002_change switches lock_timeout off and then waits for an ACCESS EXCLUSIVE lock, which blocks reads and writes, on "
    "shop_order: everyone waits behind it."
)
ALTER = "ALTER TABLE shop_order ADD x int"


def run(*texts):
    return [operations.RunSQL(text, "") for text in texts]


def test_blocking_statement():
    [found] = finds(run(f"SET LOCAL lock_timeout = 0; {ALTER}"), MESSAGE)
    assert found.tables == ("shop_order",)
    finds(run("SET lock_timeout TO '0s'", ALTER), MESSAGE)


def test_operation_of_django():
    added = operations.AddField("Order", "x", models.IntegerField(null=True))
    finds([*run("SET lock_timeout = 0"), added], MESSAGE)


def test_only_where_it_is_off():
    clean(run(f"SET lock_timeout = '2s'; {ALTER}"))
    clean(run(f"SET lock_timeout = 0; RESET lock_timeout; {ALTER}"))
    clean(run(f"{ALTER}; SET lock_timeout = 0"))
    clean(run(f"SET statement_timeout = 0; {ALTER}"))


def test_what_blocks_nobody_may_wait():
    clean(
        run("SET lock_timeout = 0", "CREATE INDEX CONCURRENTLY i ON shop_order (number)"),
        atomic=False,
    )
    clean(run("SET lock_timeout = 0; UPDATE shop_order SET number = 1"))


def test_new_table():
    clean(run("SET lock_timeout = 0; CREATE TABLE x (a int); ALTER TABLE x ADD b int"))


def test_mysql_has_no_such_value():
    clean(run("SET lock_wait_timeout = 0; ALTER TABLE shop_order ADD x int"), on="mysql")
