"""What stands in the way, asked of real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import OperationalError

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.databases.obstacles import PREPARED
from tests.databases.conftest import eventually, run
from tests.servers import Server
from tests.servers.base import open_connection

SERVERS = pytest.mark.vendors("postgresql", "mariadb")


@pytest.fixture
def reader(
    connection: BaseDatabaseWrapper, other: Callable[..., BaseDatabaseWrapper]
) -> Iterator[BaseDatabaseWrapper]:
    """Another session that has read a table in a transaction that goes on."""
    run(connection, "CREATE TABLE shop_order (id int PRIMARY KEY)")
    session = other()
    session.set_autocommit(False)
    run(session, "SELECT * FROM shop_order")
    yield session
    session.rollback()


@SERVERS
def test_a_transaction_and_what_it_holds(database: Database, reader: BaseDatabaseWrapper) -> None:
    assert eventually(lambda: len(database.open_transactions(0)) == 1, every=0.2)
    (found,) = database.open_transactions(0)
    assert not found.is_prepared
    assert found.session.seconds > 0
    assert database.open_transactions(3600) == ()
    if database.vendor == "postgresql":
        assert ("shop_order", "ACCESS SHARE") in (found.held or ())
    else:
        # This server has no plugin that tells.
        assert found.held is None


def test_nobody_is_there(database: Database) -> None:
    assert database.open_transactions(0) == ()
    assert database.wraparound_vacuums() == ()


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    ("wanted", "held", "expected"),
    [
        ("ACCESS EXCLUSIVE", "ACCESS SHARE", True),
        ("SHARE ROW EXCLUSIVE", "ACCESS SHARE", False),
        ("SHARE ROW EXCLUSIVE", "ROW EXCLUSIVE", True),
        ("SHARE", "SHARE", False),
        ("SHARE", "SHARE UPDATE EXCLUSIVE", True),
        ("SHARE UPDATE EXCLUSIVE", "ROW EXCLUSIVE", False),
        ("SHARE UPDATE EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", True),
        ("ROW EXCLUSIVE", "ROW EXCLUSIVE", False),
        ("EXCLUSIVE", "ROW SHARE", True),
        ("a mode of tomorrow", "ACCESS SHARE", True),
    ],
)
def test_locks_that_exclude_each_other(
    database: Database, wanted: str, held: str, expected: bool
) -> None:
    lock = TableLock("shop_order", wanted, Blocking.WRITES)
    assert database.conflicts(lock, held) is expected


@pytest.mark.vendors("postgresql")
def test_the_table_of_conflicts_is_that_of_the_server(
    database: Database, reader: BaseDatabaseWrapper, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    """Every pair of modes is tried on the server itself."""
    modes = [
        "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE",
    ]  # fmt: skip
    holder, seeker = other(), other()
    for session in (holder, seeker):
        session.set_autocommit(False)
    reader.rollback()
    for held in modes:
        run(holder, f"LOCK TABLE shop_order IN {held} MODE")
        for wanted in modes:
            refused = False
            try:
                run(seeker, f"LOCK TABLE shop_order IN {wanted} MODE NOWAIT")
            except OperationalError:
                refused = True
            seeker.rollback()
            lock = TableLock("shop_order", wanted, Blocking.NOTHING)
            assert database.conflicts(lock, held) is refused, (wanted, held)
        holder.rollback()


@pytest.mark.vendors("postgresql")
def test_a_prepared_transaction_holds_its_tables(make_server: Callable[..., Server]) -> None:
    server = make_server("postgresql", config=["max_prepared_transactions = 5"])
    entry = server.create_database()
    with open_connection(entry) as connection:
        run(connection, "CREATE TABLE shop_order (id int)")
        with open_connection(entry) as session:
            run(session, "BEGIN", "INSERT INTO shop_order VALUES (1)", "PREPARE TRANSACTION 'left'")
        database = get_database(connection)
        (found,) = database.open_transactions(0)
        assert found.is_prepared
        assert (found.session.pid, found.session.application) == ("", "left")
        assert found.held == (("shop_order", "ROW EXCLUSIVE"),)
        run(connection, "ROLLBACK PREPARED 'left'")
        assert database.open_transactions(0) == ()


@pytest.mark.vendors("mariadb")
def test_a_prepared_transaction_of_nobody(make_server: Callable[..., Server]) -> None:
    entry = make_server("mariadb").create_database()
    with open_connection(entry) as connection:
        run(connection, "CREATE TABLE shop_order (id int PRIMARY KEY)")
        with open_connection(entry) as session:
            run(
                session,
                "XA START 'left'",
                "INSERT INTO shop_order VALUES (1)",
                "XA END 'left'",
                "XA PREPARE 'left'",
            )
        database = get_database(connection)
        assert eventually(
            lambda: any(one.is_prepared for one in database.open_transactions(0)), every=0.2
        )
        (found,) = database.open_transactions(0)
        assert found.session.state == PREPARED
        assert found.session.application == "left"
        assert found.held is None
        assert database.open_transactions(3600) == ()
        run(connection, "XA ROLLBACK 'left'")
        assert eventually(lambda: database.open_transactions(0) == (), every=0.2)


@SERVERS
def test_clients(database: Database, other: Callable[..., BaseDatabaseWrapper]) -> None:
    before = database.clients()
    assert before is not None
    count, most = before
    assert most == 60
    assert count >= 1
    sessions = [other() for _ in range(3)]
    for session in sessions:
        session.ensure_connection()
    # Other tests may use the server at the same time.
    assert eventually(lambda: (database.clients() or (0, 0))[0] >= 4)


@pytest.mark.vendors("postgresql")
def test_a_role_without_privileges_counts_the_same_clients(
    database: Database, other: Callable[..., BaseDatabaseWrapper], role: dict[str, Any]
) -> None:
    limited = get_database(other(**role))
    assert eventually(lambda: limited.clients() == database.clients())
    assert database.knows_replicas()
    assert not limited.knows_replicas()


@pytest.mark.vendors("sqlite")
def test_sqlite_has_no_clients_and_no_replicas(database: Database) -> None:
    assert database.clients() is None
    assert not database.knows_replicas()


def test_the_folder_of_the_data(database: Database) -> None:
    folder = database.data_folder()
    assert folder is not None
    assert folder.is_dir()
    assert isinstance(folder, Path)
