"""A statement that one thread executes is ended by another one, and nothing else is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError, OperationalError

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.cancelling import Cancel

#: Much longer than anybody waits for these tests.
ENDLESS = {
    "postgresql": "SELECT pg_sleep(600)",
    "mysql": "SELECT COUNT(*) + SLEEP(600) FROM (SELECT 1) one",
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000000000) SELECT count(*) FROM c",
}
#: Seconds within which a statement must end; it takes milliseconds.
BOUND = 60.0


@pytest.fixture
def database(connection: BaseDatabaseWrapper) -> Database:
    connection.ensure_connection()
    return get_database(connection)


def cancelled(database: Database, cancel: Cancel) -> DatabaseError:
    """Execute an endless statement while another thread cancels again and again; return its error."""
    is_over = threading.Event()

    def repeat() -> None:
        while not is_over.wait(0.2):
            cancel()

    with ThreadPoolExecutor() as pool:
        repeating = pool.submit(repeat)
        started = time.monotonic()
        try:
            with pytest.raises(DatabaseError) as caught, database.connection.cursor() as cursor:
                cursor.execute(ENDLESS[database.vendor])
        finally:
            is_over.set()
        repeating.result()
    assert time.monotonic() - started < BOUND
    return caught.value


def canceller(database: Database) -> Cancel:
    cancel = database.statement_canceller()
    assert cancel is not None
    return cancel


def in_a_thread(function: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor() as pool:
        return pool.submit(function).result()


def test_a_statement_is_ended_and_its_session_is_not(database: Database) -> None:
    assert isinstance(cancelled(database, canceller(database)), OperationalError)
    assert database.ask("SELECT 1") == [(1,)]


def test_nothing_happens_when_no_statement_runs(database: Database) -> None:
    cancel = canceller(database)
    for _ in range(20):
        in_a_thread(cancel)
        assert database.ask("SELECT 1") == [(1,)]


def test_an_open_transaction_without_a_statement_goes_on(database: Database) -> None:
    cancel = canceller(database)
    database.connection.cursor().execute("CREATE TABLE note (id INT)")
    database.connection.set_autocommit(False)
    database.connection.cursor().execute("INSERT INTO note VALUES (1)")
    in_a_thread(cancel)
    database.connection.commit()
    database.connection.set_autocommit(True)
    assert database.ask("SELECT id FROM note") == [(1,)]


@pytest.mark.vendors("postgresql", "mariadb")
def test_the_session_that_replaces_a_lost_one_is_served(database: Database) -> None:
    cancel = canceller(database)
    before = database.session_id()
    database.connection.close()
    in_a_thread(cancel)
    database.connection.ensure_connection()
    assert database.session_id() != before
    cancelled(database, cancel)


@pytest.mark.vendors("postgresql", "mariadb")
def test_the_statement_of_another_session_goes_on(database: Database) -> None:
    cancel = canceller(database)
    sleep = "pg_sleep" if database.vendor == "postgresql" else "SLEEP"
    other = database.new_connection()

    def execute() -> Any:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT 7, {sleep}(2)")
            return cursor.fetchone()[0]

    other.inc_thread_sharing()
    try:
        with ThreadPoolExecutor() as pool:
            running = pool.submit(execute)
            while not running.done():
                cancel()
                time.sleep(0.1)
            assert running.result() == 7
    finally:
        other.close()


@pytest.mark.vendors("mariadb")
def test_a_server_that_cannot_be_reached_is_an_error(database: Database) -> None:
    import MySQLdb

    cancel = canceller(database)
    database.connection.settings_dict["PORT"] = "1"
    with pytest.raises(MySQLdb.OperationalError):
        in_a_thread(cancel)


@pytest.mark.vendors("mariadb")
def test_a_session_of_the_same_number_on_another_server_is_left_alone(database: Database) -> None:
    """Behind one address there may be several servers, and each counts its sessions from one."""
    cancel: Any = canceller(database)
    killed: list[str] = []
    session = cancel._session
    cancel._session = type(session)(session.number, session.client, ("elsewhere", 3306, 1))
    with ThreadPoolExecutor() as pool:
        running = pool.submit(_sleep, database, killed)
        time.sleep(0.5)
        cancel()
        running.result()
    assert killed == []


def _sleep(database: Database, killed: list[str]) -> None:
    database.connection.inc_thread_sharing()
    try:
        with database.connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) + SLEEP(2) FROM (SELECT 1) one")
    except DatabaseError as error:
        killed.append(str(error))
    finally:
        database.connection.dec_thread_sharing()


def test_an_unknown_database_cannot(database: Database) -> None:
    assert Database(database.connection).statement_canceller() is None
