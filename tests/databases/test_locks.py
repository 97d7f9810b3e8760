"""The run lock: held by one process only, freed by its death, and never believed but asked for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.locks import describe_process, this_process
from tests.databases.conftest import eventually, run

HOLDER = """
import json, sys
from django.conf import settings
settings.configure(DATABASES=json.loads(sys.argv[1]))
import django
django.setup()
from django.db import connection
from django_safe_migrate.databases import get_database
lock = get_database(connection).run_lock()
print(lock.try_acquire(), flush=True)
print(lock.holder(), flush=True)
sys.stdin.read()
lock.release()
"""


class Holder:
    """Another process that tries to take the run lock, and keeps it until told."""

    def __init__(self, entry: dict[str, Any]) -> None:
        import json

        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, json.dumps({"default": entry}, default=str)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.acquired = self.process.stdout.readline().strip() == "True"
        self.description = self.process.stdout.readline().strip()

    def finish(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.finish()


@pytest.fixture
def start_holder(database_settings: dict[str, Any]) -> Iterator[Callable[..., Holder]]:
    started: list[Holder] = []

    def start(entry: dict[str, Any] | None = None) -> Holder:
        started.append(Holder(entry or database_settings))
        return started[-1]

    yield start
    for holder in started:
        if holder.process.poll() is None:
            holder.kill()


def test_only_one_process_holds_it_and_the_next_has_it_after_the_release(
    database: Database, start_holder: Callable[..., Holder]
) -> None:
    holder = start_holder()
    assert holder.acquired
    lock = database.run_lock()
    assert not lock.try_acquire()
    assert not lock.is_held()
    assert not start_holder().acquired

    holder.finish()
    assert lock.holder() == ""
    assert lock.try_acquire()
    assert lock.is_held()
    assert not start_holder().acquired
    lock.release()
    assert not lock.is_held()
    assert start_holder().acquired


def test_a_killed_holder_leaves_nothing_behind(
    database: Database, start_holder: Callable[..., Holder]
) -> None:
    holder = start_holder()
    lock = database.run_lock()
    assert not lock.try_acquire()
    holder.kill()
    assert eventually(lock.try_acquire)
    lock.release()


def test_the_holder_is_named_by_host_and_process(
    database: Database, start_holder: Callable[..., Holder]
) -> None:
    holder = start_holder()
    description = database.run_lock().holder()
    assert description.startswith(f"host {socket.gethostname()}, process {holder.process.pid}")
    assert description == holder.description
    assert database.run_lock().holder() == description


def test_a_second_lock_of_this_process_is_not_had(database: Database) -> None:
    first, second = database.run_lock(), database.run_lock()
    assert first.try_acquire()
    assert first.try_acquire(), "taking it again changes nothing"
    assert not second.try_acquire()
    second.release()
    assert first.is_held(), "a release of what is not held is harmless"
    first.release()
    first.release()
    assert second.try_acquire()
    second.release()


def test_databases_of_one_server_do_not_block_each_other(
    database: Database,
    make_database: Callable[[], dict[str, Any]],
    start_holder: Callable[..., Holder],
) -> None:
    lock = database.run_lock()
    assert lock.try_acquire()
    assert start_holder(make_database()).acquired
    lock.release()


def test_the_connections_of_django_are_not_used(database: Database) -> None:
    before = {connection.alias for connection in connections.all(initialized_only=True)}
    lock = database.run_lock()
    assert lock.try_acquire()
    assert {connection.alias for connection in connections.all(initialized_only=True)} == before
    database.connection.close()
    assert lock.is_held(), "it outlives Django's connection"
    lock.release()


def test_a_forked_child_neither_frees_nor_keeps_it(
    database: Database, start_holder: Callable[..., Holder]
) -> None:
    lock = database.run_lock()
    assert lock.try_acquire()
    database.connection.close()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write_end, b"held" if lock.is_held() else b"free")
            lock.release()
            # Destroys the driver's object, which would say goodbye to the server on the shared socket.
            del lock
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read_end, 10) == b"free"
    assert lock.is_held()
    assert not start_holder().acquired
    lock.release()


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_lock_whose_session_was_ended_is_not_held(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    lock = database.run_lock()
    assert lock.try_acquire()
    end_lock_session(database, other())
    assert not lock.is_held()
    second = database.run_lock()
    assert eventually(second.try_acquire)
    assert not lock.try_acquire()
    lock.release()
    assert second.is_held()
    second.release()


def end_lock_session(database: Database, killer: BaseDatabaseWrapper) -> None:
    if database.vendor == "postgresql":
        run(
            killer,
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'",
        )
    else:
        ((session,),) = database.ask("SELECT IS_USED_LOCK(%s)", [database.run_lock().lock_name])
        run(killer, f"KILL {session}")


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_try_that_fails_leaves_no_session_behind(database: Database) -> None:
    first, second = database.run_lock(), database.run_lock()
    assert first.try_acquire()
    sessions = count_sessions(database)
    for _ in range(5):
        assert not second.try_acquire()
    assert eventually(lambda: count_sessions(database) == sessions)
    first.release()
    assert eventually(lambda: count_sessions(database) == sessions - 1)


def count_sessions(database: Database) -> int:
    if database.vendor == "postgresql":
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    else:
        sql = "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE()"
    return int(run(database.connection, sql)[0][0])


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_role_without_privileges_can_take_it_and_see_that_it_is_held(
    database: Database, other: Callable[..., BaseDatabaseWrapper], role: dict[str, Any]
) -> None:
    if database.vendor == "mysql":
        run(database.connection, f"GRANT SELECT ON `{database.name}`.* TO limited_role@'127.0.0.1'")
    limited = get_database(other(**role))
    lock = limited.run_lock()
    assert lock.try_acquire()
    assert f"process {os.getpid()}" in database.run_lock().holder()
    lock.release()

    mine = database.run_lock()
    assert mine.try_acquire()
    assert not lock.try_acquire()
    assert "session" in lock.holder()
    mine.release()


def test_a_long_host_name_keeps_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "web-" + "x" * 80)
    name = this_process(30)
    assert len(name) == 30
    assert name.endswith(f":{os.getpid()}")


def test_a_process_is_described_as_far_as_it_is_known() -> None:
    assert (
        describe_process("web-1:17", "noon", "session 5")
        == "host web-1, process 17, since noon (session 5)"
    )
    assert describe_process("10.0.0.7", "", "session 5") == "10.0.0.7 (session 5)"
    assert describe_process("", "", "session 5") == "session 5"
