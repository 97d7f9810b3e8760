"""The run lock behind a connection pooler, and what it shows of itself on PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.postgresql.run_lock import APPLICATION
from django_safe_migrate.exceptions import UnsafePlan
from tests.databases.conftest import run
from tests.poolers import pooler
from tests.servers import Server

pytestmark = [pytest.mark.vendors("postgresql"), pytest.mark.postgresql]


@pytest.fixture
def behind(
    postgresql_server: Server, other: Callable[..., BaseDatabaseWrapper]
) -> Iterator[Callable[..., Database]]:
    """Reach the fresh database through PgBouncer in a mode."""
    with contextlib.ExitStack() as started:
        yield lambda mode, **options: get_database(
            other(**started.enter_context(pooler(postgresql_server, mode, **options)))
        )


#: Whoever asks next gets the session used last, or each in turn; and there may be one for all.
WAYS = [
    ("transaction", {}),
    ("transaction", {"server_round_robin": 1}),
    ("transaction", {"server_round_robin": 1, "min_pool_size": 4}),
    ("transaction", {"default_pool_size": 1}),
    ("statement", {}),
]


@pytest.mark.parametrize(("mode", "options"), WAYS)
def test_a_pooler_that_shares_sessions_is_refused_and_keeps_no_lock(
    database: Database, behind: Callable[..., Database], mode: str, options: dict[str, Any]
) -> None:
    pooled = behind(mode, **options)
    # As many idle sessions as a pool has that is in use.
    run(pooled.connection, "SELECT 1")
    lock = pooled.run_lock()
    with pytest.raises(UnsafePlan, match="pooler in transaction mode") as raised:
        lock.try_acquire()
    assert raised.value.changed == "The database was not changed."
    assert raised.value.exit_code == 3
    assert not lock.is_held()
    assert pooled.shares_sessions()
    direct = database.run_lock()
    assert direct.try_acquire()
    direct.release()


def test_a_pooler_is_found_out_among_other_clients(
    behind: Callable[..., Database],
) -> None:
    """Others take and give back sessions all the time, and the answer is the same each time."""
    pooled = behind("transaction", min_pool_size=3, server_round_robin=1)
    ended = threading.Event()

    def work() -> None:
        connection = pooled.new_connection(AUTOCOMMIT=True)
        while not ended.is_set():
            run(connection, "BEGIN", "SELECT pg_sleep(0.002)", "COMMIT")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert all(pooled.shares_sessions() for _ in range(30))
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_a_pooler_in_session_mode_is_as_good_as_the_server(
    database: Database, behind: Callable[..., Database]
) -> None:
    pooled = behind("session")
    lock = pooled.run_lock()
    assert not pooled.shares_sessions()
    assert lock.try_acquire()
    assert lock.is_held()
    assert lock.is_seen()
    assert not database.run_lock().try_acquire()
    lock.release()


def test_its_session_is_named_after_this_process_and_has_no_transaction(database: Database) -> None:
    lock = database.run_lock()
    assert lock.try_acquire()
    rows = run(
        database.connection,
        "SELECT a.application_name, a.state, a.xact_start FROM pg_locks l "
        "JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'",
    )
    assert rows == [(f"{APPLICATION} {socket.gethostname()}:{os.getpid()}"[:63], "idle", None)]
    lock.release()


def test_a_limit_on_idle_sessions_does_not_end_it(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    run(
        database.connection,
        f"ALTER DATABASE \"{database.name}\" SET idle_session_timeout = '200ms'",
    )
    lock = database.run_lock()
    assert lock.try_acquire()
    ended = other()
    run(ended, "SELECT 1")
    assert run(database.connection, "SET idle_session_timeout = 0", "SELECT pg_sleep(1)") == [("",)]
    assert not ended.is_usable(), "the limit is in force"
    assert lock.is_held()
    lock.release()


def test_an_index_is_built_concurrently_while_it_is_held(database: Database) -> None:
    lock = database.run_lock()
    assert lock.try_acquire()
    run(
        database.connection,
        "CREATE TABLE box (id integer)",
        "CREATE INDEX CONCURRENTLY box_index ON box (id)",
    )
    assert database.invalid_indexes() == ()
    lock.release()
