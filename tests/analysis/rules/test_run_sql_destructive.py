from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_sql_destructive")
clean = partial(assert_clean, "run_sql_destructive")

MESSAGE = "RunSQL in shop.0002_change {}, and what it held is gone for good."


def run(sql, reverse=""):
    return [operations.RunSQL(sql, reverse)]


def test_drop():
    finds(run("DROP TABLE IF EXISTS shop_order CASCADE"), MESSAGE.format("drops table shop_order"))
    finds(run("DROP SCHEMA old"), MESSAGE.format("drops schema old"))
    finds(
        run("ALTER TABLE shop_order DROP COLUMN note"),
        MESSAGE.format("drops column note of table shop_order"),
    )
    finds(
        run("ALTER TABLE shop_order DROP note"),
        MESSAGE.format("drops column note of table shop_order"),
        on="sqlite",
    )


def test_truncate():
    finds(
        run("TRUNCATE shop_order, shop_tag"),
        MESSAGE.format("truncates table shop_order"),
        MESSAGE.format("truncates table shop_tag"),
    )


def test_delete_without_a_condition():
    [found] = finds(
        run("DELETE FROM shop_order"), MESSAGE.format("deletes all rows of table shop_order")
    )
    assert found.tables == ("shop_order",)
    finds(
        run("DELETE FROM `shop_order`"),
        MESSAGE.format("deletes all rows of table shop_order"),
        on="mysql",
    )


def test_parameters_and_several_statements():
    sql = ["UPDATE shop_order SET number = 1", ("DELETE FROM shop_tag", None)]
    finds(run(sql), MESSAGE.format("deletes all rows of table shop_tag"))


def test_what_runs_when_going_back():
    finds(
        run("SELECT 1", "DROP TABLE shop_tag"),
        MESSAGE.format("drops table shop_tag"),
        backwards=True,
    )


def test_delete_with_a_condition():
    clean(run("DELETE FROM shop_order WHERE number = 1"))
    clean(run("DELETE FROM shop_order USING shop_tag WHERE shop_tag.id = shop_order.id"))


def test_drops_that_hold_nothing():
    clean(run("DROP VIEW totals; DROP INDEX number_idx; DROP FUNCTION f"))
    clean(run("ALTER TABLE shop_order DROP CONSTRAINT number_unique"))
    clean(run("ALTER TABLE shop_order ALTER COLUMN note DROP NOT NULL"))
    clean(run("ALTER TABLE shop_order DROP FOREIGN KEY x, DROP INDEX y"), on="mysql")


def test_bodies_of_triggers_and_functions():
    clean(
        run(
            "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DELETE FROM shop_tag; END $$ LANGUAGE plpgsql"
        )
    )
    clean(
        run(
            "CREATE TRIGGER t AFTER INSERT ON shop_order BEGIN DELETE FROM shop_tag; DROP TABLE x; END;"
        ),
        on="sqlite",
    )


def test_only_mentioned():
    clean(run("SELECT 'DROP TABLE shop_order' -- DELETE FROM shop_order"))


def test_what_does_not_run_in_this_direction():
    clean(run("CREATE TABLE x (y int)", "DROP TABLE x"))


@pytest.mark.parametrize("vendor", ["postgresql", "mysql", "sqlite"])
def test_temporary_table(vendor):
    made = "CREATE TEMPORARY TABLE busy AS SELECT id FROM shop_order"
    clean(run(f"{made}; DELETE FROM busy; DROP TABLE busy"), on=vendor)
    clean([*run(made), *run("DROP TABLE busy")], on=vendor)
    # The second one is a table of everyone's.
    finds(
        run(f"{made}; DROP TABLE busy; DROP TABLE busy"),
        MESSAGE.format("drops table busy"),
        on=vendor,
    )
    finds(run(f"DROP TABLE busy; {made}"), MESSAGE.format("drops table busy"), on=vendor)


def test_table_made_and_renamed():
    made = "CREATE TABLE a (x int); ALTER TABLE a RENAME TO b; DELETE FROM b"
    clean(run(made))
    swapped = "CREATE TABLE a (x int); ALTER TABLE shop_order RENAME TO b; DROP TABLE b"
    finds(run(swapped), MESSAGE.format("drops table b"))
    maybe = "CREATE TABLE IF NOT EXISTS shop_order (x int); DROP TABLE shop_order"
    finds(run(maybe), MESSAGE.format("drops table shop_order"))


def test_table_made_by_the_same_plan():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, *run("DELETE FROM shop_new")])
