"""What only MariaDB and MySQL can say of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.mysql import privileges, timeouts
from tests.databases.conftest import eventually, run
from tests.servers import Server
from tests.servers.base import open_connection

pytestmark = [pytest.mark.vendors("mariadb"), pytest.mark.mariadb]


def test_a_lock_timeout_is_rounded_up_to_whole_seconds_of_the_server(database: Database) -> None:
    with database.timeouts(lock=1.2, statement=0.5):
        variables = "SELECT @@lock_wait_timeout, @@innodb_lock_wait_timeout, @@max_statement_time"
        assert run(database.connection, variables) == [(2, 2, 0.5)]
    with database.timeouts(lock=0.01, statement=None):
        assert run(database.connection, "SELECT @@lock_wait_timeout") == [(1,)]


def test_mysql_can_stop_only_select() -> None:
    assert timeouts.wanted(lock=None, statement=1.5, is_mariadb=False) == {
        "max_execution_time": 1500
    }


def test_estimates_come_from_the_server(database: Database) -> None:
    run(
        database.connection,
        "CREATE TABLE box (id integer PRIMARY KEY)",
        "INSERT INTO box SELECT seq FROM seq_1_to_3000",
        "ANALYZE TABLE box",
    )
    assert 2000 < database.estimated_rows(["box"])["box"] < 4000
    assert database.estimated_rows([]) == {}


def test_transactions_of_others_are_shown_without_values(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    run(
        database.connection,
        "CREATE TABLE box (id integer PRIMARY KEY)",
        "INSERT INTO box VALUES (1)",
    )
    session = other()
    run(session, "BEGIN", "SELECT * FROM box WHERE id = 1")
    assert eventually(lambda: len(database.long_transactions(0)) == 1, every=0.2)
    assert database.long_transactions(3600) == ()
    (found,) = database.long_transactions(0)
    assert found.user == "safe_migrate"
    assert found.seconds > 0
    run(session, "ROLLBACK")
    # InnoDB renews its list of transactions when nobody asked for a tenth of a second.
    assert eventually(lambda: database.long_transactions(0) == (), every=0.2)


def test_a_role_without_privileges_is_told_what_it_lacks_and_gets_cautious_answers(
    database: Database, other: Callable[..., BaseDatabaseWrapper], role: dict[str, Any]
) -> None:
    account = "limited_role@'127.0.0.1'"
    run(database.connection, f"GRANT SELECT, INSERT, DELETE ON `{database.name}`.* TO {account}")
    limited = get_database(other(**role))
    assert limited.missing_permissions() == tuple(
        f"{name} on schema {database.name}"
        for name in ("UPDATE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES")
    )
    assert limited.long_transactions(0) == ()
    assert limited.replication().lags == ()
    assert not limited.replication().is_replica
    assert limited.tables() == ()
    assert database.missing_permissions() == ()


def test_privileges_of_a_role_count(
    database: Database, other: Callable[..., BaseDatabaseWrapper], role: dict[str, Any]
) -> None:
    account = "limited_role@'127.0.0.1'"
    run(
        database.connection,
        "CREATE ROLE deployer",
        f"GRANT ALL PRIVILEGES ON `{database.name}`.* TO deployer",
        f"GRANT deployer TO {account}",
        f"SET DEFAULT ROLE deployer FOR {account}",
    )
    try:
        assert get_database(other(**role)).missing_permissions() == ()
    finally:
        run(database.connection, "DROP ROLE deployer")


def test_a_read_only_server_is_reported_to_those_it_binds(
    make_server: Callable[..., Server],
) -> None:
    server = make_server("mariadb", config=["--read-only=1"])
    entry = server.create_database()
    server.query("CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'plain'")
    server.query(f"GRANT ALL PRIVILEGES ON `{entry['NAME']}`.* TO plain@'127.0.0.1'")
    with open_connection({**entry, "USER": "plain", "PASSWORD": "plain"}) as connection:
        assert get_database(connection).missing_permissions() == (
            "write: the server is read-only (read_only), as a replica is",
        )
    with open_connection(entry) as connection:
        assert get_database(connection).missing_permissions() == ()


@pytest.mark.parametrize(
    ("grant", "schema", "covered"),
    [
        ("GRANT ALL PRIVILEGES ON *.* TO `u`@`h`", "shop", True),
        ("GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`h`", "shop", True),
        ("GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`h`", "shops", False),
        (r"GRANT ALL PRIVILEGES ON `my\_shop`.* TO `u`@`h`", "my_shop", True),
        (r"GRANT ALL PRIVILEGES ON `my\_shop`.* TO `u`@`h`", "my-shop", False),
        ("GRANT ALL PRIVILEGES ON `my_shop`.* TO `u`@`h`", "my-shop", True),
        ("GRANT ALL PRIVILEGES ON `test%`.* TO `u`@`h`", "test_17", True),
        ("GRANT ALL PRIVILEGES ON `shop`.`order` TO `u`@`h`", "shop", False),
        ("GRANT `deployer` TO `u`@`h`", "shop", False),
        ("GRANT USAGE ON *.* TO `u`@`h` IDENTIFIED BY PASSWORD '*X'", "shop", False),
    ],
)
def test_grants_are_read_as_the_server_reads_them(grant: str, schema: str, covered: bool) -> None:
    assert privileges.missing([grant], schema) == (() if covered else privileges.NEEDED)
