"""Questions that every vendor answers alike, and the cautious answers of the base class."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from django_safe_migrate.databases import Database, get_database
from tests.databases.conftest import run

ServerVendors = pytest.mark.vendors("postgresql", "mariadb")


def test_the_vendor_decides_the_class(database: Database) -> None:
    assert database.vendor == database.connection.vendor
    product, version = database.server.split()
    assert product in {"SQLite", "PostgreSQL", "MariaDB"}
    assert version.split(".")[0] == str(database.version[0])
    assert database.can_rollback_ddl == (product != "MariaDB")


def test_an_unknown_vendor_gets_the_cautious_class(connection: BaseDatabaseWrapper) -> None:
    connection.vendor = "unheard-of"
    database = get_database(connection)
    assert type(database) is Database
    assert database.estimated_rows(["a"]) == {}
    assert database.free_disk_bytes() is None
    assert database.run_lock().try_acquire()
    with database.timeouts(lock=1, statement=1):
        assert database.is_reachable() == ""


def test_tables_are_ordinary_tables_in_order_and_with_their_case(database: Database) -> None:
    quote = database.connection.ops.quote_name
    run(
        database.connection,
        f"CREATE TABLE {quote('shop_Order')} (id integer PRIMARY KEY, {quote('Total Sum')} integer)",
        f"CREATE TABLE {quote('a table')} (id integer)",
        f"CREATE VIEW shop_view AS SELECT id FROM {quote('a table')}",
    )
    assert database.tables() == ("a table", "shop_Order")
    assert database.columns("shop_Order") == ("id", "Total Sum")
    assert database.table_columns(["a table", "shop_Order"]) == {
        "a table": ("id",),
        "shop_Order": ("id", "Total Sum"),
    }
    run(database.connection, f"INSERT INTO {quote('shop_Order')} VALUES (1, 10), (2, 20)")
    assert database.count_rows("shop_Order") == 2
    assert database.count_rows("shop_Order", where=f"{quote('Total Sum')} > 15") == 1
    assert database.has_rows("shop_Order")
    assert not database.has_rows("a table")
    assert database.row_counts(["shop_Order"], exact_below=1000)["shop_Order"].rows == 2
    assert database.row_counts(["shop_Order"], exact_below=1000)["shop_Order"].exact


def test_sizes_are_measured(database: Database) -> None:
    run(database.connection, "CREATE TABLE filled (id integer PRIMARY KEY, text varchar(200))")
    rows = ", ".join(f"({number}, '{'x' * 190}')" for number in range(2000))
    run(database.connection, f"INSERT INTO filled VALUES {rows}")
    if database.vendor == "mysql":
        # InnoDB renews its figures in the background.
        run(database.connection, "ANALYZE TABLE filled")
    measured = database.table_sizes(["filled"])["filled"]
    size = measured.data_bytes + measured.index_bytes
    whole = database.database_bytes()
    assert whole is not None
    # SQLite's sizes are worked out from the widths of some rows.
    assert 2000 * 190 < size <= whole * 1.25


def test_free_disk_is_seen_on_this_machine(database: Database) -> None:
    free = database.free_disk_bytes()
    assert free is not None
    assert free > 0


def test_a_broken_foreign_key_is_counted_without_its_rows(database: Database) -> None:
    connection = database.connection
    run(
        connection,
        "CREATE TABLE parent (id integer PRIMARY KEY)",
        "CREATE TABLE child (id integer PRIMARY KEY, parent_id integer, "
        "CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id))",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO child VALUES (10, 1), (11, NULL)",
    )
    key = database.foreign_keys(["child"])[0]
    assert (key.table, key.columns) == ("child", ("parent_id",))
    assert (key.referenced_table, key.referenced_columns) == ("parent", ("id",))
    assert database.broken_foreign_keys(["child", "parent"]) == ()

    if connection.vendor == "postgresql":
        run(connection, "ALTER TABLE parent DISABLE TRIGGER ALL", "DELETE FROM parent")
    else:
        with connection.constraint_checks_disabled():
            run(connection, "DELETE FROM parent")
            run(connection, "INSERT INTO child VALUES (12, 987654)")
    broken = database.broken_foreign_keys(["child", "parent"])
    assert [item.rows for item in broken] == [1 if connection.vendor == "postgresql" else 2]
    assert broken[0].foreign_key == key


def test_a_question_without_permission_leaves_the_transaction_usable(database: Database) -> None:
    if database.vendor == "sqlite":
        question = "SELECT * FROM no_such_module"
    else:
        question = "SELECT * FROM no_such_table"
    assert database.ask_if_permitted(question) is None
    run(database.connection, "CREATE TABLE box (id integer)")
    with atomic():
        run(database.connection, "INSERT INTO box VALUES (1)")
        assert database.ask_if_permitted(question) is None
        assert database.ask_if_permitted("SELECT id FROM box") == [(1,)]
    assert database.count_rows("box") == 1


def test_the_response_time_is_measured_and_reachability_is_asked(database: Database) -> None:
    assert 0 < database.response_seconds(repeat=3) < 5
    assert database.is_reachable() == ""


@ServerVendors
def test_an_unreachable_server_gives_its_reason(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    unreachable = get_database(other(PORT="1"))
    assert "127.0.0.1" in unreachable.is_reachable()
    with pytest.raises(OperationalError) as raised:
        unreachable.connection.ensure_connection()
    assert unreachable.is_connection_error(raised.value)
    assert not unreachable.is_lock_error(raised.value)
