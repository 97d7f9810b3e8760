from __future__ import annotations

import logging

from django_safe_migrate.analysis.raw_sql import concurrent_statements, destructions


def found(sql, vendor="postgresql"):
    return [(one.what, one.table) for one in destructions([sql], vendor)]


def test_names_as_they_are_stored():
    assert found('DROP TABLE "Shop Order"') == [("drops table Shop Order", "Shop Order")]
    assert found("DROP TABLE a.b, c") == [("drops table a.b", "a.b"), ("drops table c", "c")]
    assert found("DROP TABLE `x`, `y`", "mysql") == [("drops table x", "x"), ("drops table y", "y")]


def test_deletion_inside_of_another_statement():
    sql = "WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone"
    assert found(sql) == [("deletes all rows of table t", "t")]


def test_deletion_by_a_join_has_a_condition():
    assert found("DELETE t FROM t JOIN u ON t.id = u.id", "mysql") == []


def test_temporary_table():
    assert found("DROP TEMPORARY TABLE t", "mysql") == []


def test_statement_that_cannot_be_read_does_not_hide_the_next():
    assert found("this is @@ not SQL ((; DROP TABLE t") == [("drops table t", "t")]


def test_statement_that_is_read_in_part():
    assert found("DROP OWNED BY somebody") == [("runs DROP OWNED", "")]


def test_unknown_vendor():
    assert found("DROP TABLE t", "somebase") == [("drops table t", "t")]


def test_nothing():
    assert found("") == []
    assert found("-- only a comment") == []


def test_the_parser_logs_nothing(caplog):
    logger = logging.getLogger("sqlglot")
    level = logger.level
    with caplog.at_level(logging.DEBUG):
        assert found("ALTER TABLE t VALIDATE CONSTRAINT c") == []
    assert caplog.records == []
    assert logger.level == level


def test_concurrent_statements():
    sql = "CREATE INDEX CONCURRENTLY a ON b (c); REINDEX (VERBOSE) TABLE CONCURRENTLY t; drop index concurrently x"
    assert list(concurrent_statements([sql])) == [
        "CREATE INDEX CONCURRENTLY",
        "REINDEX (VERBOSE) TABLE CONCURRENTLY",
        "DROP INDEX CONCURRENTLY",
    ]
    assert list(concurrent_statements(["/* CREATE INDEX CONCURRENTLY */ SELECT 1"])) == []
