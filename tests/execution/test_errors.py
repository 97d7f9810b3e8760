"""Errors as the servers really word them: the value must be gone, and what helps must be left."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError

from django_safe_migrate.execution.errors import NOT_SHOWN, describe

#: Holds what could end a quoted text early, or look like a part of the message.
SECRETS = [
    "confidential",
    'confi"dential',
    "confi'dential",
    "' for key 'confidential",
    "a\nHINT: confidential",
]
TABLES = {
    "postgresql": """
        CREATE TABLE parent (id integer PRIMARY KEY);
        CREATE TABLE item (
            name varchar(60) UNIQUE, note varchar(5), size integer, born date, code uuid, extra jsonb,
            parent_id integer REFERENCES parent (id), needed varchar(60) NOT NULL DEFAULT '',
            CONSTRAINT item_name_allowed CHECK (name <> 'forbidden'))
    """,
    "mysql": """
        CREATE TABLE parent (id integer PRIMARY KEY) ENGINE=InnoDB;
        CREATE TABLE item (
            name varchar(60) UNIQUE, note varchar(5), size integer, born date, code uuid, extra json,
            parent_id integer, needed varchar(60) NOT NULL DEFAULT '',
            CONSTRAINT item_name_allowed CHECK (name <> 'forbidden'),
            CONSTRAINT item_parent FOREIGN KEY (parent_id) REFERENCES parent (id)) ENGINE=InnoDB
    """,
    "sqlite": """
        CREATE TABLE parent (id integer PRIMARY KEY);
        CREATE TABLE item (
            name varchar(60) UNIQUE, note varchar(5), size integer, born date, code text, extra text CHECK (extra IS NULL OR json_valid(extra)),
            parent_id integer REFERENCES parent (id), needed varchar(60) NOT NULL DEFAULT '',
            CONSTRAINT item_name_allowed CHECK (name <> 'forbidden'))
    """,
}


@pytest.fixture
def item(connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    with connection.cursor() as cursor:
        for statement in TABLES[connection.vendor].split(";"):
            cursor.execute(statement)
    return connection


def error_of(connection: BaseDatabaseWrapper, sql: str, *params: Any) -> str:
    """Return the description of the error that a statement raises."""
    with pytest.raises(DatabaseError) as raised, connection.cursor() as cursor:
        cursor.execute(sql, params or None)
    return describe(raised.value)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_duplicate_key_is_told_without_its_value(item: Any, secret: str) -> None:
    with item.cursor() as cursor:
        cursor.execute("INSERT INTO item (name) VALUES (%s)", [secret])
    told = error_of(item, "INSERT INTO item (name) VALUES (%s)", secret)
    assert (
        told
        == {
            "postgresql": 'IntegrityError: duplicate key value violates unique constraint "item_name_key"',
            "mysql": f"IntegrityError: (1062) Duplicate entry {NOT_SHOWN} for key 'name'",
            "sqlite": "IntegrityError: UNIQUE constraint failed: item.name",
        }[item.vendor]
    )


def test_a_missing_value_names_the_column(item: Any) -> None:
    told = error_of(item, "INSERT INTO item (name, needed) VALUES (%s, NULL)", "confidential")
    assert (
        told
        == {
            "postgresql": 'IntegrityError: null value in column "needed" of relation "item" violates not-null constraint',
            "mysql": "IntegrityError: (1048) Column 'needed' cannot be null",
            "sqlite": "IntegrityError: NOT NULL constraint failed: item.needed",
        }[item.vendor]
    )


def test_a_check_names_the_constraint(item: Any) -> None:
    told = error_of(item, "INSERT INTO item (name) VALUES (%s)", "forbidden")
    assert "forbidden" not in told
    assert "item_name_allowed" in told


def test_a_foreign_key_names_the_constraint(item: Any) -> None:
    told = error_of(item, "INSERT INTO item (parent_id) VALUES (%s)", 471147)
    assert "471147" not in told
    assert "oreign key" in told or "FOREIGN KEY" in told


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_value_that_is_too_long(item: Any) -> None:
    told = error_of(item, "INSERT INTO item (note) VALUES (%s)", "confidential")
    assert (
        told
        == {
            "postgresql": "DataError: value too long for type character varying(5)",
            "mysql": "DataError: (1406) Data too long for column 'note' at row 1",
        }[item.vendor]
    )


@pytest.mark.vendors("postgresql", "mariadb")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("column", ["size", "born", "code", "extra"])
def test_a_value_that_does_not_fit_its_column(item: Any, column: str, secret: str) -> None:
    # psycopg would tell the server the type of a parameter; a literal is read by the server alone.
    quoted = secret.replace("'", "''")
    told = error_of(item, f"INSERT INTO item ({column}) VALUES ('{quoted}')")
    assert "dential" not in told
    assert told.startswith(("DataError: ", "OperationalError: ", "IntegrityError: "))


@pytest.mark.parametrize("secret", SECRETS[:3])
def test_a_statement_that_is_not_sql(item: Any, secret: str) -> None:
    told = error_of(item, f"INSERT INTO item (name) VALUES ('O'{secret}')")
    assert "dential" not in told


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "SELECT 'confidential'::integer",
            f"DataError: invalid input syntax for type integer: {NOT_SHOWN}",
        ),
        (
            "SELECT '99999999999'::integer",
            f"DataError: value {NOT_SHOWN} is out of range for type integer",
        ),
        (
            "SELECT '2020-99-99'::date",
            f"DataError: date/time field value out of range: {NOT_SHOWN} "
            'HINT: Perhaps you need a different "datestyle" setting.',
        ),
        ("SELECT '{confidential'::integer[]", f"DataError: malformed array literal: {NOT_SHOWN}"),
        (
            "SELECT '\\xe9'::bytea || convert_from('\\xe9e9', 'UTF8')::bytea",
            f'DataError: invalid byte sequence for encoding "UTF8": {NOT_SHOWN}',
        ),
        ("SELECT 1/0", "DataError: division by zero"),
        ("TABLE nowhere", 'ProgrammingError: relation "nowhere" does not exist'),
        (
            "ALTER TABLE item ALTER note TYPE integer",
            'ProgrammingError: column "note" cannot be cast automatically to type integer '
            'HINT: You might need to specify "USING note::integer".',
        ),
        (
            "DROP TABLE parent",
            "InternalError: cannot drop table parent because other objects depend on it "
            "HINT: Use DROP ... CASCADE to drop the dependent objects too.",
        ),
    ],
)
def test_errors_of_postgresql(item: Any, sql: str, told: str) -> None:
    assert error_of(item, sql) == told


@pytest.mark.vendors("mariadb")
@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "INSERT INTO item (size) VALUES ('confidential')",
            f"OperationalError: (1366) Incorrect integer value: {NOT_SHOWN} for column `{{schema}}`.`item`.`size` at row 1",
        ),
        ("SELECT x FROM item", "OperationalError: (1054) Unknown column 'x' in 'SELECT'"),
        (
            "SELECT * FROM nowhere",
            "ProgrammingError: (1146) Table '{schema}.nowhere' doesn't exist",
        ),
        ("CREATE TABLE item (a int)", "OperationalError: (1050) Table 'item' already exists"),
        (
            "ALTER TABLE item ADD COLUMN size int",
            "OperationalError: (1060) Duplicate column name 'size'",
        ),
        (
            "ALTER TABLE item DROP COLUMN x",
            "OperationalError: (1091) Can't DROP COLUMN `x`; check that it exists",
        ),
    ],
)
def test_errors_of_mariadb(item: Any, sql: str, told: str) -> None:
    schema = item.settings_dict["NAME"]
    shown = error_of(item, sql).replace("'field list'", "'SELECT'")
    assert shown == told.format(schema=schema)


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT * FROM nowhere", "OperationalError: no such table: nowhere"),
        ("CREATE TABLE item (a int)", "OperationalError: table item already exists"),
        (
            "INSERT INTO item (extra) VALUES ('confidential')",
            "IntegrityError: CHECK constraint failed: extra IS NULL OR json_valid(extra)",
        ),
        (
            "SELECT 'a' 'confidential' x",
            f"OperationalError: near {NOT_SHOWN}: syntax error",
        ),
    ],
)
def test_errors_of_sqlite(item: Any, sql: str, told: str) -> None:
    assert error_of(item, sql) == told


@pytest.mark.vendors("sqlite", "mariadb")
def test_djangos_own_check_of_foreign_keys(item: Any) -> None:
    """It names the row and what it holds."""
    with item.constraint_checks_disabled(), item.cursor() as cursor:
        cursor.execute("INSERT INTO parent VALUES (1)")
        if item.vendor == "sqlite":
            cursor.execute(
                "CREATE TABLE child (id text PRIMARY KEY, p text REFERENCES parent (id))"
            )
        else:
            cursor.execute(
                "CREATE TABLE child (id varchar(20) PRIMARY KEY, p integer, FOREIGN KEY (p) REFERENCES parent (id))"
            )
        cursor.execute("INSERT INTO child VALUES ('confidential', '471147')")
    with pytest.raises(IntegrityError) as raised:
        item.check_constraints(table_names=["child"])
    assert describe(raised.value) == (
        f"IntegrityError: The row in table 'child' with primary key {NOT_SHOWN} has an invalid foreign key: child.p "
        f"contains a value {NOT_SHOWN} that does not have a corresponding value in parent.id."
    )


@pytest.mark.vendors("sqlite", "postgresql", "mariadb")
def test_an_error_of_the_driver_that_django_did_not_wrap(item: Any) -> None:
    with item.cursor() as cursor:
        cursor.execute("INSERT INTO item (name) VALUES ('confidential')")
    raw = item.connection.cursor()
    with pytest.raises(item.Database.IntegrityError) as raised:
        raw.execute("INSERT INTO item (name) VALUES ('confidential')")
    raw.close()
    told = describe(raised.value)
    assert "confidential" not in told
    assert "nique" in told or "UNIQUE" in told or "Duplicate" in told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("'made' to\n  fail"), "ValueError: 'made' to fail"),
        (KeyError("x"), "KeyError: 'x'"),
        (RuntimeError(), "RuntimeError"),
        (
            TransactionManagementError("until the end of the 'atomic' block."),
            "TransactionManagementError: until the end of the 'atomic' block.",
        ),
    ],
)
def test_what_is_not_said_by_a_server_is_told_as_it_is(error: Exception, told: str) -> None:
    assert describe(error) == told
