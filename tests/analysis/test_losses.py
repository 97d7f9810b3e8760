from __future__ import annotations

import logging

import pytest

from django_safe_migrate.analysis.losses import command_of, keeps_data, losses
from django_safe_migrate.sql.reading import read


def found(sql, vendor="postgresql"):
    return [
        (loss.what, loss.table) for statement in read([sql], vendor) for loss in losses(statement)
    ]


def test_names_as_they_are_stored():
    assert found('DROP TABLE "Shop Order"') == [("drops table Shop Order", "Shop Order")]
    assert found("DROP TABLE a.b, c") == [("drops table a.b", "a.b"), ("drops table c", "c")]
    assert found("DROP TABLE `x`, `y`", "mysql") == [("drops table x", "x"), ("drops table y", "y")]


def test_deletion_inside_of_another_statement():
    sql = "WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone"
    assert found(sql) == [("deletes all rows of table t", "t")]


def test_deletion_by_a_join_has_a_condition():
    assert found("DELETE t FROM t JOIN u ON t.id = u.id", "mysql") == []


def test_deletion_that_only_looks_as_if_it_had_a_condition():
    assert found("DELETE FROM t WHERE true") == [("deletes all rows of table t", "t")]


def test_temporary_table():
    assert found("DROP TEMPORARY TABLE t", "mysql") == []


def test_statement_that_cannot_be_read_does_not_hide_the_next():
    assert found("this is @@ not SQL ((; DROP TABLE t") == [("drops table t", "t")]


def test_more_than_tables():
    assert found("DROP SCHEMA old CASCADE") == [("drops schema old", "")]
    assert found("DROP DATABASE shop") == [("drops database shop", "")]
    assert found("DROP OWNED BY somebody") == [("drops everything that somebody owns", "")]
    assert found("DROP TYPE mood CASCADE") == [("drops type mood and every column of it", "")]
    assert found("DROP EXTENSION hstore CASCADE") == [
        ("drops extension hstore and every column of it", "")
    ]
    assert found("DROP TYPE mood; DROP EXTENSION hstore") == []


def test_partitions():
    assert found("ALTER TABLE t DROP PARTITION p0", "mysql") == [
        ("drops partitions of table t", "t")
    ]
    assert found("ALTER TABLE t TRUNCATE PARTITION p0", "mysql") == [
        ("truncates partitions of table t", "t")
    ]
    assert found("ALTER TABLE t DETACH PARTITION p") == []


def test_unknown_vendor():
    assert found("DROP TABLE t", "somebase") == [("drops table t", "t")]


def test_the_parser_logs_nothing(caplog):
    logger = logging.getLogger("sqlglot")
    level = logger.level
    with caplog.at_level(logging.DEBUG):
        assert found("SELECT 1 FROM t WHERE ???; ALTER TABLE t VALIDATE CONSTRAINT c") == []
    assert caplog.records == []
    assert logger.level == level


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX i ON t (a); DROP INDEX i; REINDEX TABLE t",
        "ALTER TABLE t ADD a int, ALTER b SET NOT NULL, VALIDATE CONSTRAINT c, RENAME TO u",
        "CREATE TABLE t (a int)",
        "CREATE EXTENSION x; COMMENT ON TABLE t IS 'y'; GRANT SELECT ON t TO r",
        "CREATE FUNCTION f() RETURNS int AS $$ DELETE FROM t $$",
        "CREATE TRIGGER t BEFORE INSERT ON u EXECUTE FUNCTION f()",
        "SET LOCAL lock_timeout = '2s'; ALTER TYPE mood ADD VALUE 'x'",
        "REFRESH MATERIALIZED VIEW v; VACUUM t",
    ],
)
def test_what_keeps_data(sql):
    assert all(keeps_data(statement) for statement in read([sql], "postgresql"))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE t SET a = 1 WHERE b = 2",
        "INSERT INTO t VALUES (1)",
        "DELETE FROM t WHERE a = 1",
        "SELECT f()",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t ALTER a TYPE int",
        "DROP VIEW v",
        "DO $$ BEGIN END $$",
        "ROLLBACK",
        "TRUNCATE t",
    ],
)
def test_what_may_lose_data(sql):
    assert not any(keeps_data(statement) for statement in read([sql], "postgresql"))


@pytest.mark.parametrize(
    ("sql", "command"),
    [
        ("create  unique index concurrently i ON t (a)", "CREATE UNIQUE INDEX CONCURRENTLY"),
        ("DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY"),
        ("REINDEX (VERBOSE) TABLE CONCURRENTLY t", "REINDEX TABLE CONCURRENTLY"),
        ("VACUUM (FULL) t", "VACUUM FULL"),
        ("ALTER TABLE t ADD a int", "ALTER TABLE"),
        ("ALTER TABLE p DETACH PARTITION c CONCURRENTLY", "DETACH PARTITION CONCURRENTLY"),
        ("ALTER TYPE mood ADD VALUE 'x'", "ALTER TYPE mood ADD VALUE"),
        ("ALTER SYSTEM SET x = 1", "ALTER SYSTEM"),
        ("CREATE DATABASE x", "CREATE DATABASE"),
        ("drop table t", "DROP TABLE"),
        ("TRUNCATE t", "TRUNCATE"),
        ("REFRESH MATERIALIZED VIEW v", "REFRESH MATERIALIZED VIEW"),
        ("INSERT INTO t VALUES (1)", "INSERT"),
        ("select 1", "SELECT 1"),
    ],
)
def test_command(sql, command):
    [statement] = read([sql], "postgresql")
    assert command_of(statement) == command
