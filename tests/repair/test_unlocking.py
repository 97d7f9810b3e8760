"""The run lock: freed only when its owner is proven to be gone."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.postgresql.run_lock import APPLICATION, KEY
from tests.projects import Project
from tests.repair.half_done_shop import found, install, repair
from tests.servers.base import open_connection
from tests.status.journals import dead_process


@contextmanager
def held_by(project: Project, process: str) -> Iterator[None]:
    """Hold the lock in a session of the server that names a process as its owner."""
    entry: dict[str, Any] = {**project.databases["default"]}
    entry["OPTIONS"] = {**entry.get("OPTIONS", {}), "application_name": f"{APPLICATION} {process}"}
    with open_connection(entry) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [KEY])
        yield
        connection.connection.close()


def is_held(project: Project) -> bool:
    with project.connection() as connection:
        return bool(get_database(connection).run_lock().holder())


@pytest.mark.vendors("postgresql")
def test_a_session_whose_process_is_gone_is_ended(project: Project) -> None:
    install(project, "")
    with held_by(project, f"{socket.gethostname()}:{dead_process()}"):
        assert is_held(project)
        (problem,) = found(project, "--unlock")
        assert (problem["action"], problem["subject"]) == ("unlock", "run lock")
        assert is_held(project)
        repair(project, "--unlock")
        assert not is_held(project)
        assert repair(project, "--unlock").stdout == "Nothing to repair.\n"


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize("host", ["", "elsewhere"])
def test_a_living_owner_and_one_that_cannot_be_seen_are_left_alone(
    project: Project, host: str
) -> None:
    install(project, "")
    with held_by(project, f"{host or socket.gethostname()}:{os.getpid()}"):
        refused = repair(project, "--unlock", check=False)
        assert refused.returncode == 6
        assert is_held(project)
        reason = (
            "That it is gone cannot be proven from here; nothing was freed."
            if host
            else "This process is alive; nothing was freed."
        )
        assert reason in refused.stderr
        assert "The database was not changed." in refused.stderr


@pytest.mark.vendors("sqlite", "mariadb")
def test_a_lock_of_a_living_process(project: Project, django_db_blocker: Any) -> None:
    install(project, "")
    with django_db_blocker.unblock(), project.connection() as connection:
        lock = get_database(connection).run_lock()
        assert lock.try_acquire()
        try:
            refused = repair(project, "--unlock", check=False)
            assert refused.returncode == 6, refused.stdout + refused.stderr
            assert lock.is_held()
            waited = repair(project, "--ghosts", "--wait", "0", check=False)
            assert waited.returncode == 6
            assert "Nothing was looked at" in waited.stderr
        finally:
            lock.release()
    assert repair(project, "--unlock").stdout == "Nothing to repair.\n"


@pytest.mark.vendors("sqlite")
def test_the_file_of_a_dead_owner_holds_nobody(project: Project) -> None:
    """On SQLite the operating system frees the lock with the process; its file is only a name."""
    install(project, "")
    file = project.databases["default"]["NAME"]
    with open(f"{file}.safe-migrate.lock", "w") as left:  # noqa: PTH123
        left.write(f"{socket.gethostname()}:{dead_process()}\n")
    assert repair(project, "--unlock").stdout == "Nothing to repair.\n"
