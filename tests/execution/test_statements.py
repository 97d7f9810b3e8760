from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate import events
from django_safe_migrate.execution import statements
from django_safe_migrate.execution.statements import StatementLog, capture, shown, table_of, text_of
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults

SECRET = "tell-nobody-4711"  # noqa: S105


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ('CREATE TABLE "shop_order" ("id" bigint NOT NULL PRIMARY KEY)', "shop_order"),
        ("CREATE TABLE IF NOT EXISTS shop_order (id int)", "shop_order"),
        ('CREATE UNLOGGED TABLE "shop_order" ("id" bigint)', "shop_order"),
        ('CREATE VIRTUAL TABLE "search_index" USING fts5 (text)', "search_index"),
        ('CREATE TABLE "new__shop_order" ("id" integer NOT NULL)', "shop_order"),
        ('ALTER TABLE "new__shop_order" RENAME TO "shop_order"', "shop_order"),
        ('ALTER TABLE "shop_order" ADD COLUMN "note" varchar(9) NULL', "shop_order"),
        ('ALTER TABLE ONLY "public"."shop_order" ADD COLUMN "x" int', "shop_order"),
        ('ALTER TABLE IF EXISTS "shop_order" RENAME TO "other"', "shop_order"),
        ("ALTER TABLE `shop`.`order` MODIFY `note` longtext NOT NULL", "order"),
        ('ALTER TABLE "two words" ADD COLUMN "x" int', "two words"),
        ('ALTER TABLE "a ""quoted"" name" ADD COLUMN "x" int', 'a "quoted" name'),
        ("ALTER TABLE `tick``ed` ADD COLUMN x int", "tick`ed"),
        ('DROP TABLE "shop_order" CASCADE', "shop_order"),
        ("DROP TABLE IF EXISTS `shop_order`", "shop_order"),
        ("RENAME TABLE `old` TO `new`", "old"),
        ("TRUNCATE shop_order", "shop_order"),
        ('TRUNCATE TABLE ONLY "shop_order"', "shop_order"),
        ('LOCK TABLE "shop_order" IN SHARE MODE', "shop_order"),
        ('CREATE INDEX "n_idx" ON "shop_order" ("note")', "shop_order"),
        ('CREATE UNIQUE INDEX "n_idx" ON "shop_order" ("note") WHERE "x" > 1', "shop_order"),
        ('CREATE INDEX CONCURRENTLY "n_idx" ON "shop_order" ("note")', "shop_order"),
        ('CREATE INDEX CONCURRENTLY IF NOT EXISTS n ON ONLY s."shop_order" (a)', "shop_order"),
        ('CREATE INDEX "found on page" ON "shop_order" USING gin ("note")', "shop_order"),
        ("CREATE INDEX ON shop_order (note)", "shop_order"),
        ("CREATE FULLTEXT INDEX `n` ON `shop_order` (`note`)", "shop_order"),
        ("CREATE SPATIAL INDEX `n` ON `shop_order` (`note`)", "shop_order"),
        ("DROP INDEX `n_idx` ON `shop_order`", "shop_order"),
        ('DROP INDEX IF EXISTS "n_idx"', ""),
        ('DROP INDEX CONCURRENTLY IF EXISTS "n_idx"', ""),
        ("CREATE TRIGGER t BEFORE INSERT ON shop_order FOR EACH ROW SET @a = 1", "shop_order"),
        ('DROP TRIGGER "t" ON "shop_order"', "shop_order"),
        ('INSERT INTO "shop_order" ("note") VALUES (%s)', "shop_order"),
        ('INSERT OR IGNORE INTO "shop_order" ("note") VALUES (%s)', "shop_order"),
        ("INSERT IGNORE INTO `shop_order` (`note`) VALUES (%s)", "shop_order"),
        ("REPLACE INTO `shop_order` (`note`) VALUES (%s)", "shop_order"),
        ('INSERT INTO "new__shop_order" ("id") SELECT "id" FROM "shop_order"', "shop_order"),
        ('UPDATE "shop_order" SET "note" = %s', "shop_order"),
        ("UPDATE OR REPLACE shop_order SET note = 1", "shop_order"),
        ('UPDATE ONLY "shop_order" SET "note" = %s', "shop_order"),
        ('DELETE FROM "shop_order" WHERE "id" = %s', "shop_order"),
        ("DELETE `shop_order` FROM `shop_order` INNER JOIN `x` ON (1)", "shop_order"),
        ("COMMENT ON TABLE \"shop_order\" IS 'orders'", "shop_order"),
        ('COMMENT ON COLUMN "shop_order"."note" IS NULL', "shop_order"),
        ("COPY shop_order (a) FROM STDIN", "shop_order"),
        ("-- a remark\n/* and\nanother */ ALTER TABLE shop_order ADD x int", "shop_order"),
        ('SELECT * FROM "shop_order"', ""),
        ("SET CONSTRAINTS ALL IMMEDIATE", ""),
        ("CREATE EXTENSION IF NOT EXISTS citext", ""),
        ("PRAGMA foreign_key_check", ""),
        ("", ""),
    ],
)
def test_the_table_that_a_statement_changes(sql: str, table: str) -> None:
    assert table_of(sql) == table


@pytest.mark.parametrize(
    ("sql", "recorded"),
    [
        ("INSERT INTO t (a) VALUES ('tell')", "INSERT INTO t (a) VALUES (?)"),
        (
            "UPDATE t SET a = 'it''s', b = 12 WHERE id = %s",
            "UPDATE t SET a = ?, b = ? WHERE id = %s",
        ),
        ("ALTER ROLE app PASSWORD 'tell'", "ALTER ROLE app PASSWORD ?"),
        ("CREATE USER 'app' IDENTIFIED BY 'tell'", "CREATE USER ? IDENTIFIED BY ?"),
        ("SET PASSWORD = 'tell'", "SET PASSWORD = ?"),
        (
            """ALTER TABLE "t" ADD COLUMN "k" varchar(32) DEFAULT 'it''s' NOT NULL""",
            """ALTER TABLE "t" ADD COLUMN "k" varchar(32) DEFAULT ? NOT NULL""",
        ),
        (
            """ALTER TABLE "t" ADD CONSTRAINT "c" CHECK ("state" IN ('new', 'old'))""",
            """ALTER TABLE "t" ADD CONSTRAINT "c" CHECK ("state" IN ('new', 'old'))""",
        ),
        ("COMMENT ON TABLE \"t\" IS 'orders'", "COMMENT ON TABLE \"t\" IS 'orders'"),
    ],
)
def test_a_statement_is_recorded_without_the_values_of_rows(sql: str, recorded: str) -> None:
    assert shown(sql) == recorded


def test_a_text_in_double_quotes_is_a_value_where_backticks_quote_names() -> None:
    assert shown('UPDATE `t` SET a = "tell"', mysql=True) == "UPDATE `t` SET a = ?"
    assert shown('UPDATE "t" SET a = 1') == 'UPDATE "t" SET a = ?'


def test_a_long_statement_is_cut_even_in_the_middle_of_a_value() -> None:
    recorded = shown(f"INSERT INTO t VALUES ('{'x' * statements.MAX_TEXT_LENGTH}{SECRET}')")
    assert recorded == "INSERT INTO t VALUES (? …"


def test_equal_texts_are_counted_together() -> None:
    log = StatementLog()
    log.add("UPDATE a SET x = %s", 1.0, 2)
    log.add("UPDATE a SET x = %s", 0.5, 3, times=4)
    log.add("SELECT 1", 0.25, None)
    first, second = log.records()
    assert (first.sql, first.count, first.seconds, first.rows) == ("UPDATE a SET x = %s", 5, 1.5, 5)
    assert (second.count, second.rows) == (1, None)
    assert len(log) == 6
    assert log.tables == {"a"}


def test_only_so_many_different_texts_are_kept_and_every_table() -> None:
    log = StatementLog()
    for number in range(statements.MAX_TEXTS + 50):
        log.add(f"UPDATE table_{number} SET x = %s", 1.0, 1)
    log.add("UPDATE table_0 SET x = %s", 1.0, 1)
    records = log.records()
    assert len(records) == statements.MAX_TEXTS + 1
    assert records[0].count == 2
    assert records[-1].sql == statements.OTHERS
    assert (records[-1].count, records[-1].rows) == (50, 50)
    assert f"table_{statements.MAX_TEXTS + 49}" in log.tables


class TestCapturing:
    """On real connections, since drivers differ in what they take and report."""

    @pytest.fixture
    def log(self, connection: BaseDatabaseWrapper) -> Iterator[StatementLog]:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE things (name varchar(100), size integer)")
        log = StatementLog()

        def around(execute: Any, *call: Any) -> Any:
            return execute(*call)

        with capture(connection, log, around):
            yield log

    def test_rows_and_counts(self, connection: BaseDatabaseWrapper, log: StatementLog) -> None:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO things VALUES (%s, %s)", [("a", 1), ("b", 2)])
            cursor.execute("UPDATE things SET size = %s", [3])
        insert, update = log.records()
        assert (insert.count, insert.rows) == (2, 2)
        assert (update.sql, update.count, update.rows) == ("UPDATE things SET size = %s", 1, 2)

    def test_a_generator_of_parameters(
        self, connection: BaseDatabaseWrapper, log: StatementLog
    ) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO things VALUES (%s, %s)", ((str(n), n) for n in range(3))
            )
            cursor.execute("SELECT count(*) FROM things")
            assert cursor.fetchone() == (3,)
        assert log.records()[0].count == 1

    def test_a_statement_that_fails_is_counted_without_rows(
        self, connection: BaseDatabaseWrapper, log: StatementLog
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO things VALUES (%s, %s)", ["a", 1])
            with pytest.raises(Exception, match="nowhere"):
                cursor.execute("UPDATE nowhere SET size = 1")
        assert [(one.count, one.rows) for one in log.records()] == [(1, 1), (1, None)]

    @pytest.mark.vendors("postgresql")
    def test_objects_of_the_driver(
        self, connection: BaseDatabaseWrapper, log: StatementLog
    ) -> None:
        from psycopg import sql

        composed = sql.SQL("INSERT INTO {} VALUES ({}, 1)").format(
            sql.Identifier("things"), sql.Literal(SECRET)
        )
        with connection.cursor() as cursor:
            cursor.execute(composed)
            cursor.execute(b"SELECT 1")
        assert [one.sql for one in log.records()] == [
            'INSERT INTO "things" VALUES (?, ?)',
            "SELECT ?",
        ]
        assert log.tables == {"things"}

    def test_something_unknown_is_named_and_not_shown(
        self, connection: BaseDatabaseWrapper
    ) -> None:
        assert text_of(object(), connection) == "-- a statement given as object"


def test_values_of_a_data_migration_are_nowhere_in_the_events(carrier: Carrier) -> None:
    """Parameters, literals that a migration writes itself, and parameters that the schema editor writes into the text."""
    carrier.to("0006_work")

    def insert(apps: Any, schema_editor: Any) -> None:
        account = apps.get_model("ledger", "Account")
        account.objects.create(name=SECRET)
        account.objects.bulk_create([account(name=f"{SECRET}-{number}") for number in range(3)])
        account.objects.filter(name=SECRET).update(note=SECRET)
        if schema_editor.atomic_migration:
            schema_editor.execute("UPDATE ledger_account SET note = %s", [SECRET])
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"UPDATE ledger_account SET colour = '{SECRET}' WHERE name = '{SECRET}'")
            cursor.executemany("UPDATE ledger_account SET note = %s", [[SECRET], [SECRET]])

    faults.on_run["task"] = insert
    carrier.to("0007_task")
    with carrier.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_account WHERE note = %s", [SECRET])
        assert cursor.fetchone() == (4,)
    (operation,) = carrier.named(events.OPERATION_FINISHED)[-1:]
    assert operation["tables"] == ["ledger_account"]
    assert any("SET colour = ? WHERE name = ?" in one["sql"] for one in operation["statements"])
    assert SECRET not in json.dumps(carrier.events)
