from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations

from django_safe_migrate.findings import Severity
from tests.analysis.lint import assert_clean, assert_finds, findings

finds = partial(assert_finds, "run_sql_breaks_running_code")
clean = partial(assert_clean, "run_sql_breaks_running_code")


def run(sql, reverse=""):
    return [operations.RunSQL(sql, reverse)]


def test_renamed():
    [found] = finds(
        run("ALTER TABLE shop_order RENAME TO shop_purchase"),
        "Renaming table shop_order to shop_purchase breaks the release that still runs: it asks for shop_order.",
    )
    assert 'db_table = "shop_order"' in found.hint
    column = "Renaming column note of shop_order to remark breaks the release that still runs: it asks for note."
    [found] = finds(run("ALTER TABLE shop_order RENAME COLUMN note TO remark"), column)
    assert found.hint == 'Leave the column alone and name it in the model: db_column="note".'
    finds(run("ALTER TABLE shop_order RENAME COLUMN note TO remark"), column, on="sqlite")
    finds(run("ALTER TABLE shop_order CHANGE note remark longtext"), column, on="mysql")
    finds(
        run("RENAME TABLE shop_order TO a, shop_tag TO b"),
        "Renaming table shop_order to a breaks the release that still runs: it asks for shop_order.",
        "Renaming table shop_tag to b breaks the release that still runs: it asks for shop_tag.",
        on="mysql",
    )


def test_value_of_an_enum():
    finds(
        run("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'"),
        "Renaming a value of type mood to 'fine' breaks the release that still runs: it writes, and asks for, the old one.",
    )


def test_column_that_must_be_given():
    message = (
        "Column x is added to shop_order as NOT NULL without a default: where that does not fail at once because there are rows, INSERTs "
        "of the release that still runs do."
    )
    finds(run("ALTER TABLE shop_order ADD x int NOT NULL"), message)
    finds(run("ALTER TABLE shop_order ADD COLUMN x int NOT NULL"), message, on="mysql")


def test_not_null():
    [found] = finds(
        run("ALTER TABLE shop_order ALTER note SET NOT NULL"),
        "Column note of shop_order becomes NOT NULL, so that the release that still runs fails where it writes NULL.",
    )
    assert found.severity is Severity.WARNING


def test_narrower_type():
    [found] = finds(
        run("ALTER TABLE shop_order ALTER title TYPE varchar(10)"),
        "Column title of shop_order becomes varchar(10) instead of varchar(100), which cannot hold every value that the release that "
        "still runs writes.",
    )
    assert found.severity is Severity.WARNING


def test_type_of_a_column_that_is_no_field():
    [found] = finds(
        run("ALTER TABLE legacy ALTER a TYPE varchar(10)"),
        "Column a of legacy becomes varchar(10), and its present type is not known: values that the release that still runs writes may "
        "no longer fit.",
    )
    assert found.severity is Severity.INFO


def test_dropped_default():
    finds(
        run("ALTER TABLE legacy ALTER a DROP DEFAULT"),
        "Without its default, column a of legacy makes INSERTs of the release that still runs fail where they leave it out and it is "
        "NOT NULL.",
    )


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE shop_order ADD x int",
        "ALTER TABLE shop_order ADD x int NOT NULL DEFAULT 0",
        "ALTER TABLE shop_order ADD x bigserial",
        "ALTER TABLE shop_order ADD x int NOT NULL GENERATED ALWAYS AS (number) STORED",
        "ALTER TABLE shop_order ALTER number SET NOT NULL",
        "ALTER TABLE shop_order ALTER title TYPE text",
        "ALTER TABLE shop_order ALTER title TYPE varchar(100)",
        "ALTER TABLE shop_order ALTER state DROP DEFAULT",
        "ALTER TABLE shop_order RENAME CONSTRAINT a TO b",
        "ALTER INDEX title_idx RENAME TO b",
        "ALTER TYPE mood ADD VALUE 'fine'",
    ],
)
def test_what_both_releases_live_with(sql):
    clean(run(sql))


def test_new_tables():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, *run("ALTER TABLE shop_new ADD x int NOT NULL; ALTER TABLE shop_new RENAME TO y")])
    clean(run("CREATE TABLE x (a int); ALTER TABLE x RENAME COLUMN a TO b"))


def test_going_back_breaks_the_newer_release():
    [found] = finds(
        run("SELECT 1", "ALTER TABLE shop_order RENAME TO y"),
        "Renaming table shop_order to y breaks the release that still runs: it asks for shop_order.",
        backwards=True,
    )
    assert found.severity is Severity.WARNING
    assert found.hint.startswith("Stop every process of the newer release before")
    [found] = finds(
        run("SELECT 1", "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'"),
        "Renaming a value of type mood to 'fine' breaks the release that still runs: it writes, and asks for, the old one.",
        backwards=True,
    )
    assert found.severity is Severity.WARNING
    clean(run("ALTER TABLE shop_order RENAME TO y", "SELECT 1"), backwards=True)


def test_going_back_that_fails():
    [found] = findings(run("SELECT 1", "ALTER TABLE shop_order ADD x int NOT NULL"), backwards=True)
    assert (found.rule, found.severity) == ("run_sql_breaks_running_code", Severity.ERROR)
