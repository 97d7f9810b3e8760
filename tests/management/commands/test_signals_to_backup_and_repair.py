"""Signals to `migrate_backup` and `migrate_repair`: no traceback, the documented exit code, one message, and nothing left lying about."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from django_safe_migrate.databases import get_database
from tests.management.commands.shop import installed
from tests.management.commands.test_safemigrate_signals import (
    _works_in,
    backups,
    end,
    slow_programs,
    wait_for,
)
from tests.projects import Project

pytestmark = pytest.mark.slow

#: Where a program dumps; SQLite's file is copied.
DUMPS = {"postgresql", "mariadb"}
LARGE = 400


def started(project: Project, *arguments: str) -> subprocess.Popen[str]:
    temporary = project.folder / "temporary"
    temporary.mkdir(exist_ok=True)
    return project.popen(*arguments, env={"TMPDIR": str(temporary)})


def is_copying(project: Project) -> Callable[[], bool]:
    """Whether the dump is under way: the program has begun, or the copy of SQLite's file has some of its pages."""
    if project.server.name in DUMPS:
        return (project.folder / "began").exists
    return lambda: any(
        path.name.endswith(".partial") and path.stat().st_size > 2**20 for path in backups(project)
    )


def test_a_backup_that_is_broken_off_leaves_no_file(project: Project) -> None:
    installed(project)
    if project.server.name in DUMPS:
        programs = slow_programs(project)
        project.settings(SAFE_MIGRATE={"BACKUP": {"OPTIONS": {"bin_dir": programs}}})
    else:
        project.sql("CREATE TABLE large (content blob)")
        project.sql(
            f"INSERT INTO large WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {LARGE}) "
            "SELECT zeroblob(1000000) FROM n"
        )
    kept = backups(project)
    process = started(project, "migrate_backup", "create")
    wait_for(is_copying(project), process)
    output = end(process, signal.SIGTERM)
    assert "The command was stopped by SIGTERM." in output
    assert "The database was not changed. A backup that was not complete was deleted." in output
    assert "Next: python manage.py migrate_backup create --database default" in output
    assert backups(project) == kept
    assert [one for one in psutil.process_iter() if _works_in(one, project.folder)] == []
    listed = json.loads(project.manage("migrate_backup", "list", "--format", "json").stdout)
    assert listed["backups"] == []


GHOST = "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0009_gone', CURRENT_TIMESTAMP)"


def test_commands_that_ask_or_wait_for_the_run_lock(
    project: Project, django_db_blocker: Any
) -> None:
    installed(project)
    project.sql(GHOST)
    project.manage("migrate_backup", "create")
    with asking(project) as (process, terminal):
        # Python loses a signal that comes just before it begins to read: it hears it when it has read something.
        wait_for(lambda: is_asleep(process), process)
        told = end(process, signal.SIGINT)
        os.close(terminal)
    assert "The command was stopped by SIGINT.\nThe database was not changed.\n" in told
    assert "Next: python manage.py migrate_repair --dry-run --database default" in told

    with (
        asking(project) as (process, terminal),
        django_db_blocker.unblock(),
        run_lock_held(project),
    ):
        os.write(terminal, b"yes\n")
        read_until("Waiting for another run", process)
        told = end(process, signal.SIGTERM)
        os.close(terminal)
        assert "The command was stopped by SIGTERM.\nThe database was not changed.\n" in told
        assert "Next: python manage.py migrate_repair\n" in told
        process = started(project, "migrate_backup", "restore", "latest", "--noinput")
        read_until("Waiting for another run", process)
        told = end(process, signal.SIGINT)
        assert "The command was stopped by SIGINT." in told
        assert "Next: python manage.py migrate_backup repair --database default" in told
    assert ("shop", "0009_gone") in project.applied_migrations()


@contextlib.contextmanager
def asking(project: Project) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a repair at a terminal, which asks its question."""
    ours, theirs = pty.openpty()
    process = project.popen("migrate_repair", stdin=theirs)
    os.close(theirs)
    try:
        read_until("Type 'yes' to go on: ", process)
        yield process, ours
    finally:
        process.kill()
        process.wait()


def is_asleep(process: subprocess.Popen[str]) -> bool:
    """Whether a process waits for something, and not only for a moment."""
    one = psutil.Process(process.pid)
    return all(one.status() == psutil.STATUS_SLEEPING for _ in range(20) if not time.sleep(0.01))


@contextlib.contextmanager
def run_lock_held(project: Project) -> Iterator[None]:
    with project.connection() as connection:
        lock = get_database(connection).run_lock()
        assert lock.try_acquire()
        try:
            yield
        finally:
            lock.release()


def read_until(wanted: str, process: subprocess.Popen[str]) -> None:
    """Read what a process prints up to a text, which need not end a line."""
    assert process.stdout is not None
    seen = ""
    while wanted not in seen:
        piece = process.stdout.read(1)
        assert piece, f"It ended with {process.wait()}: {seen}"
        seen += piece
