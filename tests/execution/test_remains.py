from __future__ import annotations

import pytest
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ProgrammingError

from django_safe_migrate.databases import get_database
from django_safe_migrate.execution.remains import Remains

DDL = "ALTER TABLE t ADD COLUMN c integer"
ROWS = "UPDATE t SET c = 1"
READING = [
    "SELECT a FROM t",
    "select 1 from t where x in (1, 2)",
    "SHOW TABLES",
    "PRAGMA foreign_keys",
    "SET SESSION lock_wait_timeout = 1",
    "SAVEPOINT s",
    "/* a remark */ SELECT a FROM t",
]
#: How functions are called for their effects, and what makes a table.
CHANGING = [
    "SELECT create_hypertable('t', 'at')",
    "SELECT a INTO copy FROM t",
    "CALL f()",
    DDL,
    ROWS,
]


@pytest.mark.parametrize("sql", READING)
def test_reading_leaves_nothing(connection: BaseDatabaseWrapper, sql: str) -> None:
    remains = Remains(get_database(connection))
    remains.executed(sql)
    assert (remains.after_success, remains.after_failure) == (False, False)


@pytest.mark.parametrize("sql", CHANGING)
def test_outside_of_a_transaction_everything_stays(
    connection: BaseDatabaseWrapper, sql: str
) -> None:
    remains = Remains(get_database(connection))
    remains.executed(sql)
    assert (remains.after_success, remains.after_failure) == (True, True)


def test_in_a_transaction_rows_are_taken_back(connection: BaseDatabaseWrapper) -> None:
    with transaction.atomic():
        remains = Remains(get_database(connection))
    remains.executed(ROWS)
    assert (remains.after_success, remains.after_failure) == (True, False)


def test_in_a_transaction_the_schema_is_taken_back_where_that_is_possible(
    connection: BaseDatabaseWrapper,
) -> None:
    with transaction.atomic():
        remains = Remains(get_database(connection))
    remains.executed(DDL)
    assert remains.after_failure is (connection.vendor == "mysql")


def test_a_transaction_that_the_operation_opened_itself_protects_nothing(
    connection: BaseDatabaseWrapper,
) -> None:
    """It may have been committed before the operation failed."""
    remains = Remains(get_database(connection))
    with transaction.atomic():
        remains.executed(ROWS)
    assert remains.after_failure


def test_a_statement_that_failed_leaves_nothing(connection: BaseDatabaseWrapper) -> None:
    remains = Remains(get_database(connection))
    remains.failed(DDL)
    assert not remains.after_failure


@pytest.mark.vendors("postgresql")
def test_an_index_that_failed_to_be_built_concurrently_stays_behind(
    connection: BaseDatabaseWrapper,
) -> None:
    remains = Remains(get_database(connection))
    remains.failed("CREATE INDEX CONCURRENTLY i ON t (c)")
    assert remains.after_failure


INSERT = "INSERT INTO t (c) VALUES (1)"
ERROR = ProgrammingError("made up")


@pytest.mark.parametrize("sql", [ROWS, DDL, INSERT, "CREATE UNIQUE INDEX i ON t (c)"])
def test_a_single_statement_is_proven_to_have_left_nothing(
    connection: BaseDatabaseWrapper, sql: str
) -> None:
    remains = Remains(get_database(connection))
    remains.failed(sql, ERROR)
    assert remains.is_nothing() is True
    remains.executed(sql)
    assert remains.is_nothing() is None


@pytest.mark.parametrize(
    "sql", [f"{ROWS}; {INSERT}", "CALL f()", "VACUUM", "DO $$ BEGIN COMMIT; END $$"]
)
def test_of_other_statements_nothing_is_proven(connection: BaseDatabaseWrapper, sql: str) -> None:
    remains = Remains(get_database(connection))
    remains.failed(sql, ERROR)
    assert remains.is_nothing() is None


def test_of_a_statement_without_an_answer_nothing_is_proven(
    connection: BaseDatabaseWrapper,
) -> None:
    remains = Remains(get_database(connection))
    remains.interrupted("SELECT a FROM t")
    assert remains.is_nothing() is True
    remains.interrupted(ROWS)
    assert remains.is_nothing() is None


@pytest.mark.vendors("mariadb")
def test_a_table_without_transactions_spoils_the_proof(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE other (id int) ENGINE = MyISAM")
    for sql, expected in [(ROWS, False), (DDL, None)]:
        remains = Remains(get_database(connection))
        remains.failed(sql, ERROR)
        assert remains.is_nothing() is expected


@pytest.mark.vendors("sqlite")
def test_a_conflict_clause_that_keeps_rows_spoils_the_proof(
    connection: BaseDatabaseWrapper,
) -> None:
    remains = Remains(get_database(connection))
    remains.failed("INSERT OR FAIL INTO t (c) VALUES (1), (2)", ERROR)
    assert remains.is_nothing() is None
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (c integer UNIQUE ON CONFLICT FAIL)")
    remains = Remains(get_database(connection))
    remains.failed(INSERT, ERROR)
    assert remains.is_nothing() is None
