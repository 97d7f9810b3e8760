"""Timeouts and the errors that they lead to, with locks that other sessions really hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from django_safe_migrate.databases import Database
from tests.databases.conftest import run

SETTINGS = {
    "sqlite": "PRAGMA busy_timeout",
    "postgresql": "SELECT current_setting('lock_timeout') || ' ' || current_setting('statement_timeout')",
    "mysql": "SELECT @@lock_wait_timeout, @@innodb_lock_wait_timeout, @@max_statement_time",
}
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
    "mysql": "SELECT SLEEP(60) FROM information_schema.tables LIMIT 1",
}
BLOCKED = {
    "sqlite": "UPDATE box SET id = 3",
    "postgresql": "ALTER TABLE box ADD COLUMN more integer",
    "mysql": "ALTER TABLE box ADD COLUMN more integer",
}


@contextmanager
def table_in_use(session: BaseDatabaseWrapper) -> Iterator[None]:
    """Keep a transaction open that has written to the table."""
    run(
        session,
        "BEGIN IMMEDIATE" if session.vendor == "sqlite" else "BEGIN",
        "UPDATE box SET id = 2",
    )
    yield
    run(session, "ROLLBACK")


@pytest.fixture
def box(database: Database) -> None:
    run(database.connection, "CREATE TABLE box (id integer)", "INSERT INTO box VALUES (1)")


@pytest.mark.usefixtures("box")
def test_a_lock_that_another_holds_is_given_up_and_recognised(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    with (
        table_in_use(other()),
        database.timeouts(lock=0.2, statement=None),
        pytest.raises(DatabaseError) as raised,
    ):
        run(database.connection, BLOCKED[database.vendor])
    assert database.is_lock_error(raised.value)
    assert not database.is_connection_error(raised.value)
    run(database.connection, BLOCKED[database.vendor])


def test_a_statement_that_runs_too_long_is_stopped_and_is_no_lock_error(database: Database) -> None:
    with database.timeouts(lock=None, statement=0.3), pytest.raises(DatabaseError) as raised:
        run(database.connection, SLOW[database.vendor])
    assert not database.is_lock_error(raised.value)
    assert not database.is_connection_error(raised.value)
    assert run(database.connection, "SELECT 1") == [(1,)]


def test_the_settings_before_come_back_whatever_happened(database: Database) -> None:
    before = run(database.connection, SETTINGS[database.vendor])
    with database.timeouts(lock=1.5, statement=7):
        inside = run(database.connection, SETTINGS[database.vendor])
    assert inside != before
    assert run(database.connection, SETTINGS[database.vendor]) == before

    with pytest.raises(DatabaseError), database.timeouts(lock=1.5, statement=7), atomic():
        run(database.connection, "SELECT nonsense FROM nowhere")
    assert run(database.connection, SETTINGS[database.vendor]) == before


def test_timeouts_survive_the_rollback_of_a_transaction(database: Database) -> None:
    with database.timeouts(lock=1.5, statement=None):
        inside = run(database.connection, SETTINGS[database.vendor])
        with pytest.raises(RuntimeError), atomic():
            raise RuntimeError
        assert run(database.connection, SETTINGS[database.vendor]) == inside


def test_no_timeout_touches_nothing(database: Database) -> None:
    before = run(database.connection, SETTINGS[database.vendor])
    with database.timeouts(lock=None, statement=None):
        assert run(database.connection, SETTINGS[database.vendor]) == before


def test_timeouts_nest(database: Database) -> None:
    with database.timeouts(lock=3, statement=9):
        outer = run(database.connection, SETTINGS[database.vendor])
        with database.timeouts(lock=1, statement=None):
            assert run(database.connection, SETTINGS[database.vendor]) != outer
        assert run(database.connection, SETTINGS[database.vendor]) == outer


def test_a_connection_closed_meanwhile_is_no_error(database: Database) -> None:
    before = run(database.connection, SETTINGS[database.vendor])
    with database.timeouts(lock=1, statement=5):
        database.connection.close()
    assert run(database.connection, SETTINGS[database.vendor]) == before


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_session_that_the_server_ended_is_a_connection_error_and_the_next_has_the_settings_before(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    before = run(database.connection, SETTINGS[database.vendor])
    with database.timeouts(lock=1, statement=5):
        end_session(database, other())
        with pytest.raises(DatabaseError) as raised:
            run(database.connection, "SELECT 1")
    assert database.is_connection_error(raised.value)
    assert not database.is_lock_error(raised.value)
    database.connection.close()
    assert run(database.connection, SETTINGS[database.vendor]) == before


def end_session(database: Database, killer: BaseDatabaseWrapper) -> None:
    question = (
        "SELECT pg_backend_pid()" if database.vendor == "postgresql" else "SELECT CONNECTION_ID()"
    )
    ((session,),) = run(database.connection, question)
    command = (
        "SELECT pg_terminate_backend(%s, 10000)" if database.vendor == "postgresql" else "KILL %s"
    )
    run(killer, command % session)


@pytest.mark.vendors("postgresql", "mariadb")
@pytest.mark.usefixtures("box")
def test_a_deadlock_is_a_lock_error(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    import threading

    run(
        database.connection,
        "CREATE TABLE twin (id integer PRIMARY KEY, n integer)"
        + (" ENGINE=InnoDB" if database.vendor == "mysql" else ""),
        "INSERT INTO twin VALUES (1, 0), (2, 0)",
    )
    errors: list[Any] = []
    rival = other()
    rival.inc_thread_sharing()
    run(rival, "BEGIN", "UPDATE twin SET n = 1 WHERE id = 2")

    def take_the_first() -> None:
        try:
            run(rival, "UPDATE twin SET n = 1 WHERE id = 1")
        except DatabaseError as error:
            errors.append(error)
        finally:
            run(rival, "ROLLBACK")

    thread = threading.Thread(target=take_the_first)
    try:
        with atomic():
            run(database.connection, "UPDATE twin SET n = 2 WHERE id = 1")
            thread.start()
            run(database.connection, "UPDATE twin SET n = 2 WHERE id = 2")
    except DatabaseError as error:
        errors.append(error)
    thread.join()
    assert [database.is_lock_error(error) for error in errors] == [True]
