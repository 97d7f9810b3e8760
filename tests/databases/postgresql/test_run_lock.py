"""The run lock behind a connection pooler, and what it shows of itself on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.postgresql.run_lock import APPLICATION
from django_safe_migrate.exceptions import LockNotAcquired
from tests.databases.conftest import run
from tests.servers import Server, processes

pytestmark = [pytest.mark.vendors("postgresql"), pytest.mark.postgresql]

POOLER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@pytest.fixture
def start_pooler(
    postgresql_server: Server, tmp_path: Path
) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Start PgBouncer in a mode, and return the entry that leads through it."""
    if POOLER is None:
        pytest.skip("Tests with a connection pooler need the program pgbouncer.")
    started: list[subprocess.Popen[bytes]] = []

    def start(mode: str) -> dict[str, Any]:
        port = processes.free_port()
        account = processes.unprivileged_user("postgres")
        folder = postgresql_server.folder / f"pooler-{port}"
        processes.give_to(account, folder)
        password = postgresql_server.password.replace('"', '""')
        (folder / "users.txt").write_text(f'"{postgresql_server.user}" "{password}"\n')
        (folder / "pooler.ini").write_text(
            "[databases]\n"
            f"* = host=127.0.0.1 port={postgresql_server.port}\n"
            "[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = plain\nauth_file = {folder}/users.txt\n"
            f"pool_mode = {mode}\nserver_reset_query_always = 0\n"
        )
        process = processes.start_process(
            [POOLER, folder / "pooler.ini"], account, folder, folder / "pooler.log"
        )
        started.append(process)
        processes.wait_until_ready(lambda: _listens(port), process, folder / "pooler.log")
        return {"HOST": "127.0.0.1", "PORT": str(port)}

    yield start
    for process in started:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_pooler_in_transaction_mode_is_refused_and_keeps_no_lock(
    database: Database,
    other: Callable[..., BaseDatabaseWrapper],
    start_pooler: Callable[[str], dict[str, Any]],
) -> None:
    pooled = get_database(other(**start_pooler("transaction")))
    lock = pooled.run_lock()
    with pytest.raises(LockNotAcquired, match="pooler in transaction mode") as raised:
        lock.try_acquire()
    assert raised.value.changed == "The database was not changed."
    assert not lock.is_held()
    direct = database.run_lock()
    assert direct.try_acquire()
    direct.release()


def test_a_pooler_in_session_mode_is_as_good_as_the_server(
    database: Database,
    other: Callable[..., BaseDatabaseWrapper],
    start_pooler: Callable[[str], dict[str, Any]],
) -> None:
    lock = get_database(other(**start_pooler("session"))).run_lock()
    assert lock.try_acquire()
    assert lock.is_held()
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
