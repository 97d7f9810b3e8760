"""Portraits: everything that a schema is made of is in them, and every value of a table changes its number."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.meters import NOT_MEASURED, Measured, Meter, meter
from django_safe_migrate.databases.portraits import Painter, painter, schema_differences

TABLES = (
    "CREATE TABLE owner (id integer NOT NULL PRIMARY KEY)",
    "CREATE TABLE item (id integer NOT NULL PRIMARY KEY, price integer NOT NULL DEFAULT 1, name varchar(20), owner_id integer, "
    "CONSTRAINT positive CHECK (price > 0), CONSTRAINT of_owner FOREIGN KEY (owner_id) REFERENCES owner (id))",
    "CREATE INDEX by_name ON item (name)",
    "INSERT INTO item (id, price, name) VALUES (1, 10, 'one'), (2, 20, NULL)",
)
#: By what each adds or changes: the statement, and the beginning of what is told of it.
CHANGES = {
    "column": ("ALTER TABLE item ADD COLUMN note varchar(5)", "item.note is new"),
    "index": ("CREATE INDEX by_price ON item (price)", "item index by_price is new"),
    "table": ("CREATE TABLE other (id integer NOT NULL PRIMARY KEY)", "table other is new"),
    "view": ("CREATE VIEW cheap AS SELECT id FROM item", "view cheap is new"),
}


def execute(connection: BaseDatabaseWrapper, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_what_is_changed_is_told(connection: BaseDatabaseWrapper) -> None:
    execute(connection, *TABLES)
    drawn = painter(get_database(connection))
    before = drawn.schema()
    assert list(schema_differences(before, drawn.schema())) == []
    for statement, told in CHANGES.values():
        was = drawn.schema()
        execute(connection, statement)
        now = drawn.schema()
        assert any(one.startswith(told) for one in schema_differences(was, now)), statement
        assert "is gone" in next(schema_differences(now, was))
    if connection.vendor != "sqlite":
        drop = "CONSTRAINT" if connection.vendor == "postgresql" else "FOREIGN KEY"
        for statement, told in (
            (f"ALTER TABLE item DROP {drop} of_owner", "item constraint of_owner is gone"),
            ("ALTER TABLE item DROP CONSTRAINT positive", "positive is gone"),
            ("ALTER TABLE item ALTER COLUMN price SET DEFAULT 2", "item.price was int"),
        ):
            was = drawn.schema()
            execute(connection, statement)
            assert any(told in one for one in schema_differences(was, drawn.schema())), statement


def test_every_value_counts_and_the_order_of_columns_does_not(
    connection: BaseDatabaseWrapper,
) -> None:
    execute(connection, *TABLES)
    execute(
        connection,
        "CREATE TABLE same (name varchar(20), owner_id integer, price integer, id integer)",
        "INSERT INTO same (id, price, name) VALUES (2, 20, NULL), (1, 10, 'one')",
    )
    drawn = painter(get_database(connection))

    def contents() -> dict[str, Any]:
        return drawn.contents(["item", "same"])

    first = contents()
    assert first["item"] == first["same"]
    assert first["item"].rows == 2
    seen = {first["item"].checksum}
    for change in (
        "name = 'two' WHERE id = 1",
        "name = '' WHERE id = 2",
        "price = 21 WHERE id = 2",
    ):
        execute(connection, f"UPDATE item SET {change}")
        seen.add(contents()["item"].checksum)
    assert len(seen) == 4


@pytest.mark.vendors("sqlite")
def test_a_product_that_nobody_knows_is_drawn_as_django_sees_it(
    connection: BaseDatabaseWrapper,
) -> None:
    execute(connection, *TABLES)
    database = get_database(connection)
    drawn = Painter(database)
    assert "item.price" in drawn.schema()
    assert drawn.contents(["item"])["item"].checksum is None
    assert Meter(database).end().unseen == (NOT_MEASURED,)


@pytest.mark.vendors("postgresql")
def test_locks_are_those_on_what_was_there(connection: BaseDatabaseWrapper) -> None:
    execute(connection, *TABLES)
    measuring = meter(get_database(connection))
    measuring.begin_step()
    assert measuring.locks() == ()
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        connection.in_atomic_block = True
        measuring.begin()
        cursor.execute("CREATE TABLE fresh (id integer REFERENCES owner (id))")
        cursor.execute("DROP INDEX by_name")
        cursor.execute("ALTER TABLE owner ADD COLUMN wide varchar(5)")
        found = measuring.end()
        connection.in_atomic_block = False
    connection.rollback()
    connection.set_autocommit(True)
    assert {(lock.table, lock.mode) for lock in found.locks} == {
        ("item", "ACCESS EXCLUSIVE"),
        ("owner", "ACCESS EXCLUSIVE"),
    }
    assert found.rewrites == ()
    assert Measured.from_json(found.to_json()) == found


@pytest.mark.vendors("postgresql")
def test_an_index_that_goes_on_with_its_file_was_not_built(connection: BaseDatabaseWrapper) -> None:
    execute(connection, *TABLES)
    measuring = meter(get_database(connection))
    measuring.begin_step()
    measuring.begin()
    execute(connection, "ALTER TABLE item ALTER COLUMN name TYPE varchar(40)")
    found = measuring.end()
    assert (found.indexes_built, found.indexes_reused) == ((), ("item.by_name",))
    assert found.rewrites == ()
    measuring.begin()
    execute(connection, "ALTER TABLE item ALTER COLUMN price TYPE bigint")
    found = measuring.end()
    assert found.rewrites == ("item",)
    assert "item.by_name" in found.indexes_built
    assert found.unseen
