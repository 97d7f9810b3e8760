from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import RunLock, get_database
from django_safe_migrate.exceptions import LockNotAcquired
from django_safe_migrate.execution import run_lock
from django_safe_migrate.execution.run_lock import ensure_held, ensure_ready, hold
from tests.servers import Server

#: Takes the lock of the database in its arguments, says so, and holds it until its input ends.
HOLDER = """
import sys
import django
from django.conf import settings
settings.configure(DATABASES={"default": eval(sys.argv[1])})
django.setup()
from django.db import connection
from django_safe_migrate.databases import get_database
from django_safe_migrate.execution.run_lock import hold
with hold(get_database(connection), 0, print):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other_run(database_settings: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the run lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, repr(database_settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_free_lock_is_had_at_once_and_given_back(connection: BaseDatabaseWrapper) -> None:
    database = get_database(connection)
    told: list[str] = []
    with hold(database, 0, told.append) as lock:
        assert lock.is_held()
        ensure_held(lock, database)
    assert not lock.is_held()
    with hold(database, 0, told.append):
        pass
    assert told == []


def test_a_lock_is_given_back_after_an_error(connection: BaseDatabaseWrapper) -> None:
    database = get_database(connection)
    with pytest.raises(ValueError, match="inside"), hold(database, 0, print) as lock:
        raise ValueError("inside")
    assert not lock.is_held()


def test_another_run_is_named_and_left_in_peace(
    connection: BaseDatabaseWrapper, other_run: subprocess.Popen[str]
) -> None:
    told: list[str] = []
    with (
        pytest.raises(LockNotAcquired) as raised,
        hold(get_database(connection), 0, told.append),
    ):
        pytest.fail("The lock of another run was taken.")
    assert re.fullmatch(
        r"Another run holds database 'default': .+\. Waited 0 s for it\.", raised.value.message
    )
    assert str(other_run.pid) in raised.value.message or connection.vendor != "sqlite"
    assert raised.value.changed == "The database was not changed."
    assert raised.value.next_command == "migrate_status --database default"
    assert raised.value.exit_code == 6
    assert told == []


def test_the_holder_is_told_once_while_we_wait(
    connection: BaseDatabaseWrapper,
    other_run: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_lock, "POLL_SECONDS", 0.05)
    told: list[str] = []
    with (
        pytest.raises(LockNotAcquired, match=r"Waited 0\.4 s for it"),
        hold(get_database(connection), 0.4, told.append),
    ):
        pytest.fail("The lock of another run was taken.")
    assert len(told) == 1
    assert "process" in told[0] or "session" in told[0]


def test_the_lock_is_had_when_the_other_run_ends(
    connection: BaseDatabaseWrapper, other_run: subprocess.Popen[str]
) -> None:
    def end(holder: str) -> None:
        assert other_run.stdin is not None
        other_run.stdin.write("\n")
        other_run.stdin.flush()

    with hold(get_database(connection), 30, end) as lock:
        assert lock.is_held()


def test_the_lock_is_had_when_the_other_run_is_killed(
    connection: BaseDatabaseWrapper, other_run: subprocess.Popen[str]
) -> None:
    with hold(get_database(connection), 30, lambda holder: other_run.kill()) as lock:
        assert lock.is_held()


def test_a_lost_lock_is_noticed(connection: BaseDatabaseWrapper) -> None:
    database = get_database(connection)
    with hold(database, 0, print) as lock:
        _lose(lock, connection)
        with pytest.raises(LockNotAcquired) as raised:
            ensure_held(lock, database)
    assert str(raised.value) == (
        "The run lock of database 'default' was lost: its connection is gone, so another run may have begun.\n"
        "No further migration was started; those finished before are applied.\n"
        "Next: python manage.py migrate_status --database default"
    )


def _lose(lock: Any, connection: BaseDatabaseWrapper) -> None:
    """Do what an administrator, a failover or a tidy cron job does."""
    if connection.vendor == "sqlite":
        lock.path.unlink()
        return
    ask, end = {
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend(%s)"),
        "mysql": ("SELECT CONNECTION_ID()", "KILL %s"),
    }[connection.vendor]
    with lock.session.cursor() as cursor:
        cursor.execute(ask)
        session = cursor.fetchone()[0]
    with connection.cursor() as cursor:
        cursor.execute(end, [session])


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_lost_lock_is_noticed_while_nobody_asks(
    connection: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lock, "BEAT_SECONDS", 0.05)
    told = threading.Event()
    with hold(get_database(connection), 0, print) as lock:
        lock.on_loss = told.set
        assert not told.wait(0.5)
        _lose(lock, connection)
        assert told.wait(60)


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_lock_that_is_given_back_was_not_lost(
    connection: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lock, "BEAT_SECONDS", 0.001)
    told: list[str] = []
    for _ in range(20):
        with hold(get_database(connection), 0, print) as lock:
            lock.on_loss = lambda: told.append("lost")
    assert told == []


@pytest.mark.vendors("postgresql", "mariadb")
def test_the_connection_of_the_migrations_is_opened_anew_between_two_of_them(
    connection: BaseDatabaseWrapper, other_session: BaseDatabaseWrapper
) -> None:
    database = get_database(connection)
    with hold(database, 0, print) as lock:
        ensure_ready(lock, database)
        before = database.session_id()
        _end(before, other_session)
        ensure_ready(lock, database)
        assert database.session_id() != before
        assert database.ask("SELECT 1") == [(1,)]


@pytest.mark.vendors("postgresql", "mariadb")
def test_no_connection_is_opened_anew_inside_of_a_transaction(
    connection: BaseDatabaseWrapper, other_session: BaseDatabaseWrapper
) -> None:
    database = get_database(connection)

    def go_on(lock: RunLock) -> None:
        with transaction.atomic():
            _end(database.session_id(), other_session)
            ensure_ready(lock, database)
            database.ask("SELECT 1")

    with hold(database, 0, print) as lock, pytest.raises((OperationalError, InterfaceError)):
        go_on(lock)


@pytest.mark.vendors("postgresql", "mariadb")
def test_another_server_does_not_know_the_lock(
    connection: BaseDatabaseWrapper,
    vendor_server: Server,
    make_server: Callable[..., Server],
) -> None:
    """The name of a host leads to another server after a fail-over, while the old one still answers those who are connected."""
    database = get_database(connection)
    promoted = make_server(vendor_server.name)
    with hold(database, 0, print) as lock:
        connection.close()
        connection.settings_dict |= promoted.create_database(connection.settings_dict["NAME"])
        assert lock.is_held()
        with pytest.raises(LockNotAcquired) as raised:
            ensure_ready(lock, database)
    assert raised.value.message == (
        "The run lock of database 'default' was lost: the server that migrations reach does not know it, as after a fail-over, "
        "so another run may have begun."
    )


@pytest.fixture
def other_session(connection: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """Somebody else on the same database."""
    other = connection.copy()
    yield other
    other.close()


def _end(session: str, other: BaseDatabaseWrapper) -> None:
    """End a session, and wait until it is gone."""
    end, gone = {
        "postgresql": (
            "SELECT pg_terminate_backend(%s)",
            "SELECT count(*) FROM pg_stat_activity WHERE pid = %s",
        ),
        "mysql": ("KILL %s", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %s"),
    }[other.vendor]
    with other.cursor() as cursor:
        cursor.execute(end, [int(session)])
        count = 1
        while count:
            cursor.execute(gone, [int(session)])
            count = cursor.fetchone()[0]


class Shy(RunLock):
    """A lock whose holder cannot be seen."""

    def try_acquire(self) -> bool:
        return False

    def is_held(self) -> bool:
        return False

    def release(self) -> None:
        """It never has it."""

    def holder(self) -> str:
        return ""


@pytest.mark.vendors("sqlite")
def test_a_holder_that_cannot_be_seen_is_another_process(
    connection: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = get_database(connection)
    monkeypatch.setattr(type(database), "run_lock", lambda self: Shy())
    told: list[str] = []
    with (
        pytest.raises(
            LockNotAcquired, match=r"^Another run holds database 'default': another process\. "
        ),
        hold(database, 0.5, told.append),
    ):
        pytest.fail("It was never had.")
    assert told == ["another process"]


class Leaving(Shy):
    """A lock that is refused once, because of somebody who has gone before anybody asks who it is."""

    tries = 0

    def try_acquire(self) -> bool:
        self.tries += 1
        return self.tries > 1


@pytest.mark.vendors("sqlite")
def test_nobody_is_refused_because_of_somebody_who_has_gone(
    connection: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = get_database(connection)
    monkeypatch.setattr(type(database), "run_lock", lambda self: Leaving())
    told: list[str] = []
    with hold(database, 0, told.append) as lock:
        assert isinstance(lock, Leaving)
    assert told == []
