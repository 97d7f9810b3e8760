"""What hints tell people to paste runs, and reaches the same end."""

from __future__ import annotations

import re

import pytest
from django.db import migrations

from django_safe_migrate.analysis.online_sql import online_hint
from django_safe_migrate.databases.facts import Blocking
from django_safe_migrate.databases.postgresql.facts import PostgreSQLFactBook
from django_safe_migrate.sql.reading import read

SCHEMA = """
    CREATE TABLE customer (id integer PRIMARY KEY);
    CREATE TABLE purchase (id integer PRIMARY KEY, number integer, customer_id integer, note text);
    CREATE INDEX number_idx ON purchase (number);
    CREATE MATERIALIZED VIEW totals AS SELECT id FROM purchase;
    CREATE UNIQUE INDEX totals_idx ON totals (id);
    INSERT INTO customer VALUES (1);
    INSERT INTO purchase VALUES (1, 1, 1, 'x');
"""

BLOCKING = [
    "CREATE INDEX i ON purchase (number)",
    'CREATE UNIQUE INDEX "I" ON purchase USING btree (number DESC) WHERE number > 0',
    "DROP INDEX number_idx",
    "REINDEX TABLE purchase",
    "REINDEX INDEX number_idx",
    "REFRESH MATERIALIZED VIEW totals",
    "ALTER TABLE purchase ADD CONSTRAINT c CHECK (number > 0)",
    "ALTER TABLE purchase ADD CONSTRAINT f FOREIGN KEY (customer_id) REFERENCES customer (id) DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE purchase ADD FOREIGN KEY (customer_id) REFERENCES customer",
    "ALTER TABLE purchase ADD CONSTRAINT u UNIQUE (number)",
    "ALTER TABLE purchase ADD UNIQUE (number)",
    "ALTER TABLE purchase ALTER note SET NOT NULL",
    "ALTER TABLE purchase ADD c integer UNIQUE",
    "ALTER TABLE purchase ALTER number TYPE bigint",
]


def pasted(hint: str) -> list[str]:
    """The statements of the code in a hint, in order."""
    lines = re.findall(r"^(migrations\.RunSQL\(.*\)),$", hint, re.MULTILINE)
    found = [eval(line, {"migrations": migrations}) for line in lines]  # noqa: S307 - our own text
    assert found, hint
    return [operation.sql for operation in found]


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize("sql", BLOCKING)
def test_hint_runs_without_reading_a_table_while_others_wait(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
    [statement] = read([sql], "postgresql")
    pieces = pasted(online_hint(statement, "postgresql"))
    with connection.cursor() as cursor:
        for piece in pieces:
            cursor.execute(piece)
    if (
        "SET NOT NULL" in sql
    ):  # the constraint proves it, which only the server's own catalogue knows
        return
    for piece in pieces:
        [found] = read([piece], "postgresql")
        facts = PostgreSQLFactBook((16,)).facts(found)
        blocked = [lock.table for lock in facts.locks if lock.blocking >= Blocking.READS_AND_WRITES]
        assert not any(facts.reads_all(table) for table in blocked if table), piece


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE purchase SET UNLOGGED",
        "ALTER TABLE purchase ADD CONSTRAINT e EXCLUDE (number WITH =)",
    ],
)
def test_no_way_without_blocking(sql):
    [statement] = read([sql], "postgresql")
    assert online_hint(statement, "postgresql") == (
        "There is no way to do this without blocking: run it at a time when few use the table."
    )


def test_vendor_without_hints():
    [statement] = read(["CREATE INDEX i ON t (a)"], "oracle")
    assert online_hint(statement, "oracle").startswith("There is no way")


def test_constraint_without_a_name_gets_one():
    [statement] = read(["ALTER TABLE purchase ADD CHECK (number > 0)"], "postgresql")
    assert pasted(online_hint(statement, "postgresql")) == [
        "ALTER TABLE purchase ADD CONSTRAINT purchase_check CHECK (...) NOT VALID",
        "ALTER TABLE purchase VALIDATE CONSTRAINT purchase_check",
    ]
