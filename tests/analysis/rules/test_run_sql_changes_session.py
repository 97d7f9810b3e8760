from __future__ import annotations

from functools import partial

import pytest
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_sql_changes_session")
clean = partial(assert_clean, "run_sql_changes_session")

MESSAGE = "SET {} in shop.0002_change stays in force for the migrations after it."


def run(*texts):
    return [operations.RunSQL(text, "") for text in texts]


@pytest.mark.parametrize(
    "sql", ["SET statement_timeout = 0", "SELECT set_config('statement_timeout', '0', false)"]
)
def test_left_behind(sql):
    [found] = finds(run(f"{sql}; SELECT 1"), MESSAGE.format("statement_timeout"))
    assert found.hint == (
        "Write SET LOCAL statement_timeout, which lasts until the transaction ends, or end the migration with RESET statement_timeout."
    )


def test_other_products():
    [found] = finds(
        run("SET foreign_key_checks = 0"), MESSAGE.format("foreign_key_checks"), on="mysql"
    )
    assert found.hint == "Set foreign_key_checks back at the end of the migration."
    finds(run("PRAGMA foreign_keys = OFF"), MESSAGE.format("foreign_keys"), on="sqlite")


def test_for_everyone():
    finds(
        run("SET GLOBAL lock_wait_timeout = 5"),
        "SET GLOBAL lock_wait_timeout in shop.0002_change changes it for every new connection to the server, also after the migration.",
        on="mysql",
    )


def test_set_back():
    clean(run("SET statement_timeout = 0", "SELECT 1", "RESET statement_timeout"))
    clean(run("SET statement_timeout = 0; SET statement_timeout TO DEFAULT"))
    clean(run("SET statement_timeout = 0; RESET ALL"))
    clean(run("SET foreign_key_checks = 0; SELECT 1; SET foreign_key_checks = 1"), on="mysql")


def test_what_ends_with_the_transaction():
    clean(run("SET LOCAL statement_timeout = 0"))
    clean(run("SELECT set_config('statement_timeout', '0', true)"))
    clean(run("SET CONSTRAINTS ALL IMMEDIATE"))
    clean(run("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))


def test_what_is_no_setting():
    clean(run("SET @counter = 0"), on="mysql")
    clean(run("PRAGMA user_version = 5; PRAGMA table_info(x)"), on="sqlite")
