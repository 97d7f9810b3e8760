from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations

from django_safe_migrate.findings import Severity
from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_sql_blocking")
clean = partial(assert_clean, "run_sql_blocking")

ACCESS_EXCLUSIVE = (
    "takes an ACCESS EXCLUSIVE lock, which blocks reads and writes, until the migration ends."
)
SHARE = "takes a SHARE lock, which blocks writes, until the migration ends."


def run(sql, reverse=""):
    return [operations.RunSQL(sql, reverse)]


def test_index():
    [found] = finds(
        run("CREATE UNIQUE INDEX\n i ON shop_order (number) WHERE number > 0"),
        f"CREATE UNIQUE INDEX reads every row of shop_order for an index and {SHARE}",
    )
    assert found.tables == ("shop_order",)
    assert found.hint == (
        "In a migration of its own with atomic = False:\n\n"
        'migrations.RunSQL("CREATE UNIQUE INDEX CONCURRENTLY i ON shop_order (number) WHERE number > 0", '
        '"DROP INDEX CONCURRENTLY i"),'
    )


def test_lock_ends_with_the_statement_outside_of_a_transaction():
    finds(
        run("CREATE INDEX i ON shop_order (number)"),
        "CREATE INDEX reads every row of shop_order for an index and takes a SHARE lock, which blocks writes, until it is done.",
        atomic=False,
    )


def test_dropped_index():
    [found] = finds(
        run("DROP INDEX title_idx"),
        "Dropping index title_idx takes an ACCESS EXCLUSIVE lock, which blocks reads and writes on shop_order, until the migration "
        "ends, and waits for every query on the table first.",
    )
    assert found.severity is Severity.WARNING
    assert "DROP INDEX CONCURRENTLY title_idx" in found.hint


@pytest.mark.parametrize(
    ("sql", "work", "hint"),
    [
        (
            "ADD CONSTRAINT c CHECK (number > 0)",
            "reads every row of shop_order",
            '"ALTER TABLE shop_order ADD CONSTRAINT c CHECK (number > 0) NOT VALID"',
        ),
        (
            "ADD CHECK (number > 0)",
            "reads every row of shop_order",
            '"ALTER TABLE shop_order VALIDATE CONSTRAINT shop_order_check"',
        ),
        (
            "ADD CONSTRAINT u UNIQUE (number)",
            "reads every row of shop_order for an index",
            '"ALTER TABLE shop_order ADD CONSTRAINT u UNIQUE USING INDEX u"',
        ),
        (
            "ADD CONSTRAINT x EXCLUDE (number WITH =)",
            "reads every row of shop_order for an index",
            "run it at a time when few use the table",
        ),
        (
            "ALTER note SET NOT NULL",
            "reads every row of shop_order",
            "ADD CONSTRAINT shop_order_note_not_null CHECK (note IS NOT NULL) NOT VALID",
        ),
        (
            "ADD u uuid DEFAULT gen_random_uuid()",
            "writes shop_order anew",
            '"ALTER TABLE shop_order ALTER COLUMN u SET DEFAULT ..."',
        ),
        ("ADD g int GENERATED ALWAYS AS (number) STORED", "writes shop_order anew", "by a trigger"),
        ("ADD c int CHECK (c > 0)", "reads every row of shop_order", "CHECK (...) NOT VALID"),
        (
            "ADD c int UNIQUE",
            "reads every row of shop_order for an index",
            '"CREATE UNIQUE INDEX CONCURRENTLY shop_order_c_key ON shop_order (c)"',
        ),
        ("ALTER number TYPE bigint", "writes shop_order anew", "ADD COLUMN number_new bigint"),
        ("SET UNLOGGED", "writes shop_order anew", "run it at a time when few use the table"),
    ],
)
def test_altered_table(sql, work, hint):
    [found] = finds(
        run(f"ALTER TABLE shop_order {sql}"), f"ALTER TABLE {work} and {ACCESS_EXCLUSIVE}"
    )
    assert found.severity is Severity.ERROR
    assert hint in found.hint


def test_foreign_key_reads_both_tables():
    [found] = finds(
        run(
            "ALTER TABLE shop_order ADD CONSTRAINT f FOREIGN KEY (customer_ref) REFERENCES shop_customer (id) DEFERRABLE"
        ),
        "ALTER TABLE reads every row of shop_order and shop_customer and takes a SHARE ROW EXCLUSIVE lock, which blocks writes, until "
        "the migration ends.",
    )
    assert found.tables == ("shop_order", "shop_customer")
    assert "REFERENCES shop_customer (id) DEFERRABLE NOT VALID" in found.hint
    assert "ALTER TABLE shop_order VALIDATE CONSTRAINT f" in found.hint


def test_maintenance():
    finds(
        run("CLUSTER shop_order USING i"), f"CLUSTER writes shop_order anew and {ACCESS_EXCLUSIVE}"
    )
    [found] = finds(
        run("REFRESH MATERIALIZED VIEW totals"),
        f"REFRESH MATERIALIZED VIEW writes totals anew and {ACCESS_EXCLUSIVE}",
    )
    assert "REFRESH MATERIALIZED VIEW CONCURRENTLY totals" in found.hint
    [found] = finds(
        run("REINDEX TABLE shop_order"),
        f"REINDEX TABLE reads every row of shop_order for an index and {ACCESS_EXCLUSIVE}",
    )
    assert "REINDEX TABLE CONCURRENTLY shop_order" in found.hint


def test_what_runs_when_going_back():
    finds(
        run("SELECT 1", "CREATE INDEX i ON shop_order (number)"),
        f"CREATE INDEX reads every row of shop_order for an index and {SHARE}",
        backwards=True,
    )


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE shop_order ADD x int",
        "ALTER TABLE shop_order ADD x int NOT NULL DEFAULT 0",
        # It fails at the first row.
        "ALTER TABLE shop_order ADD x int NOT NULL",
        "ALTER TABLE shop_order ADD x timestamptz DEFAULT now()",
        "ALTER TABLE shop_order ALTER title TYPE varchar(200)",
        "ALTER TABLE shop_order ALTER title TYPE text",
        "ALTER TABLE shop_order ADD CONSTRAINT c CHECK (number > 0) NOT VALID",
        "ALTER TABLE shop_order ADD CONSTRAINT f FOREIGN KEY (customer_ref) REFERENCES shop_customer (id) NOT VALID",
        "ALTER TABLE shop_order VALIDATE CONSTRAINT c",
        "ALTER TABLE shop_order ADD CONSTRAINT u UNIQUE USING INDEX u",
        "ALTER TABLE shop_order DROP COLUMN note",
        "ALTER TABLE shop_order SET (fillfactor = 70)",
        "COMMENT ON TABLE shop_order IS 'x'",
        "ANALYZE shop_order",
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "SELECT * FROM shop_order",
        "UPDATE shop_order SET number = 1",
    ],
)
def test_what_takes_an_instant_or_blocks_nobody(sql):
    clean(run(sql))


def test_concurrently():
    clean(run("CREATE INDEX CONCURRENTLY i ON shop_order (number)"), atomic=False)
    clean(run("DROP INDEX CONCURRENTLY title_idx"), atomic=False)
    clean(run("REINDEX TABLE CONCURRENTLY shop_order"), atomic=False)
    clean(run("VACUUM shop_order"), atomic=False)


def test_new_tables():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, *run("CREATE INDEX i ON shop_new (id)")])
    clean(
        run("CREATE TABLE x (id int); CREATE INDEX i ON x (id); ALTER TABLE x ALTER id TYPE bigint")
    )


def test_mysql_builds_indexes_while_others_write():
    clean(run("CREATE INDEX i ON shop_order (number)"), on="mysql")
    clean(run("ALTER TABLE shop_order ADD INDEX i (number)"), on="mysql")
    clean(run("DROP INDEX title_idx ON shop_order"), on="mysql")
    clean(run("ALTER TABLE shop_order ADD COLUMN x int"), on="mysql")


def test_mysql_copies_the_table():
    [found] = finds(
        run("ALTER TABLE shop_order CONVERT TO CHARACTER SET utf8mb4"),
        "ALTER TABLE writes shop_order anew and takes LOCK=SHARED, which blocks writes, until it is done.",
        on="mysql",
    )
    assert "gh-ost" in found.hint


def test_sqlite_has_no_other_way():
    clean(run("CREATE INDEX i ON shop_order (number)"), on="sqlite")
