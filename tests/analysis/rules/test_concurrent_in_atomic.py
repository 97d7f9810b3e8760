from __future__ import annotations

from functools import partial

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "concurrent_in_atomic")
clean = partial(assert_clean, "concurrent_in_atomic")

INDEX = models.Index(fields=["number"], name="number_idx")


def test_operations():
    finds(
        [AddIndexConcurrently("Order", INDEX)],
        "AddIndexConcurrently fails, because shop.0002_change is atomic.",
    )
    finds(
        [RemoveIndexConcurrently("Order", "title_idx")],
        "RemoveIndexConcurrently fails, because shop.0002_change is atomic.",
    )


def test_hand_written_sql():
    sql = "-- now\nSELECT 1;\nCREATE  UNIQUE INDEX\nCONCURRENTLY x ON shop_order (number)"
    finds(
        [operations.RunSQL(sql, "DROP INDEX CONCURRENTLY x")],
        "CREATE UNIQUE INDEX CONCURRENTLY fails, because shop.0002_change is atomic.",
    )
    finds(
        [operations.RunSQL(sql, "DROP INDEX CONCURRENTLY x")],
        "DROP INDEX CONCURRENTLY fails, because shop.0002_change is atomic.",
        backwards=True,
    )


def test_on_a_new_table_it_fails_all_the_same():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
    )
    finds(
        [new, AddIndexConcurrently("New", INDEX)],
        "AddIndexConcurrently fails, because shop.0002_change is atomic.",
    )


def test_migration_that_is_not_atomic():
    clean([AddIndexConcurrently("Order", INDEX)], atomic=False)
    clean([operations.RunSQL("CREATE INDEX CONCURRENTLY x ON shop_order (number)")], atomic=False)


def test_plain_index():
    clean([operations.AddIndex("Order", INDEX)])
    clean([operations.RunSQL("CREATE INDEX concurrently_built ON shop_order (number)")])


def test_only_in_a_comment():
    clean([operations.RunSQL("SELECT 1 -- ; CREATE INDEX CONCURRENTLY later")])


def test_materialized_view_may_be_refreshed_in_a_transaction():
    clean([operations.RunSQL("REFRESH MATERIALIZED VIEW CONCURRENTLY totals")])


@pytest.mark.parametrize(
    ("sql", "command"),
    [
        ("VACUUM (ANALYZE) shop_order", "VACUUM"),
        ("REINDEX TABLE CONCURRENTLY shop_order", "REINDEX TABLE CONCURRENTLY"),
        ("ALTER TABLE a DETACH PARTITION b CONCURRENTLY", "DETACH PARTITION CONCURRENTLY"),
        ("ALTER SYSTEM SET work_mem = '1GB'", "ALTER SYSTEM"),
        ("CREATE DATABASE x", "CREATE DATABASE"),
        ("DROP DATABASE x", "DROP DATABASE"),
    ],
)
def test_other_statements_that_a_transaction_refuses(sql, command):
    finds([operations.RunSQL(sql)], f"{command} fails, because shop.0002_change is atomic.")
    clean([operations.RunSQL(sql)], atomic=False)
