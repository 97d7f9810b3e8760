"""What every vendor answers about its sessions, also where it has nothing to tell."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.activity import (
    MAX_QUERY,
    MOST_NAMED,
    Blocker,
    Load,
    Wait,
    monitor_name,
    named,
)
from tests.databases.conftest import eventually, run
from tests.servers.base import open_connection


def test_a_quiet_server(database: Database) -> None:
    database.connection.ensure_connection()
    session = database.session_id()
    assert database.waits(session) == ()
    assert database.statement_progress(session or "1") is None
    assert isinstance(database.load(), Load)
    assert bool(session) is (database.vendor != "sqlite")
    assert bool(database.names_no_blockers) is (database.vendor == "sqlite")


def test_an_unknown_vendor_tells_nothing(connection: BaseDatabaseWrapper) -> None:
    database = Database(connection)
    assert database.monitoring_connection() is None
    assert database.session_id() == ""
    assert database.blockers(Wait("1", 1.0, ())) == ()
    assert not database.end_idle_session(Blocker(session="1"), 0.0)
    assert database.load() == Load()
    assert database.holds_locks_others_need()
    assert database.leftovers("CREATE INDEX CONCURRENTLY i ON t (a)") == ()


@pytest.mark.vendors("postgresql")
def test_the_monitor_is_recognised_by_its_name_and_bounds_its_questions(
    database: Database,
) -> None:
    connection = database.monitoring_connection()
    assert connection is not None
    watching = get_database(connection)
    try:
        watching.bound_questions()
        [(name, timeout)] = run(
            connection,
            "SELECT current_setting('application_name'), current_setting('statement_timeout')",
        )
    finally:
        connection.close()
    assert name == monitor_name(63)
    assert name.startswith("django-safe-migrate monitor ")
    assert timeout == "5s"


@pytest.mark.postgresql
def test_a_prepared_transaction_is_named(make_server: Any) -> None:
    """It has no session that could be asked or ended."""
    server = make_server("postgresql", config=["max_prepared_transactions = 2"])
    entry = server.create_database()
    with open_connection(entry) as holder, open_connection(entry) as ours:
        run(holder, "CREATE TABLE t (a int)")
        run(holder, "BEGIN", "LOCK TABLE t IN ACCESS SHARE MODE", "PREPARE TRANSACTION 'order 7'")
        wait = Wait(get_database(ours).session_id(), 1.0, ("0",))
        asking = get_database(holder)
        ours.inc_thread_sharing()
        run(ours, "SET lock_timeout = '5s'")
        thread = threading.Thread(target=try_to_alter, args=[ours])
        thread.start()
        assert eventually(lambda: bool(asking.waits("")))
        assert asking.waits("")[0].blocked_by == ("0",)
        [blocker] = asking.blockers(wait)
        run(holder, "ROLLBACK PREPARED 'order 7'")
        thread.join()
    assert (blocker.session, blocker.application, blocker.state) == (
        "",
        "order 7",
        "prepared transaction",
    )
    assert blocker.lock == "AccessShareLock on t"
    assert not asking.end_idle_session(blocker, 0.0)


def try_to_alter(connection: BaseDatabaseWrapper) -> None:
    run(connection, "ALTER TABLE t ADD b int")


def test_many_blockers_in_one_sentence() -> None:
    many = [Blocker(session=str(number), query="x" * 1000) for number in range(5)]
    text = named(many)
    assert text.endswith(f"; and {5 - MOST_NAMED} more")
    assert len(text) < MOST_NAMED * (MAX_QUERY + 40)
    assert named([]) == ""
