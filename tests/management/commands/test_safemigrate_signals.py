"""Signals to a run in the middle of something long: it ends soon, cleanly, and says how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.management.commands.shop import ADD_COLOUR, installed
from tests.projects import Project, migration
from tests.servers.base import open_connection

pytestmark = pytest.mark.slow

#: Seconds within which a process must be gone; the statements would run for minutes. It takes a fraction of a second.
BOUND = 60.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

ENDLESS = {
    "postgresql": "SELECT pg_sleep(300)",
    "mariadb": "SELECT SLEEP(300)",
    "sqlite": "INSERT INTO shop_order (number) WITH RECURSIVE c(x) AS "
    "(SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100000000000) SELECT count(*) FROM c",
}
ENDLESS_WRITING = (
    "INSERT INTO shop_order (number) SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b"
)
#: Ten megabytes are hashed for each of many rows.
ENDLESS_ALTERING = "ALTER TABLE shop_order ADD COLUMN slow VARCHAR(128) DEFAULT (SHA2(REPEAT(number, 2000000), 512)), ALGORITHM=COPY"
MANY_ROWS = "INSERT INTO shop_order (number) SELECT seq FROM seq_10000_to_40000"

BEGINNING = """
import pathlib
import time

class Beginning(migrations.RunSQL):
    def database_forwards(self, *args, **kwargs):
        pathlib.Path("began").touch()
        super().database_forwards(*args, **kwargs)

def execute(schema_editor, sql):
    pathlib.Path("began").touch()
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(sql)
"""


def long_migration(sql: str) -> str:
    """Return a migration of one long statement."""
    return migration(
        f"Beginning({sql!r}),", dependencies=[("shop", "0002_colour")], before=BEGINNING
    )


def long_code(function: str) -> str:
    """Return a migration whose `run` is given; `execute(schema_editor, sql)` says that it began."""
    return migration(
        "migrations.RunPython(run, migrations.RunPython.noop),",
        dependencies=[("shop", "0002_colour")],
        before=BEGINNING + function,
    )


def with_migration(project: Project, source: str) -> Project:
    return installed(project, m0002_colour=ADD_COLOUR, m0003_long=source)


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait for something that a process does; its end fails the test with its output."""
    deadline = time.monotonic() + 300
    while not condition():
        if process.poll() is not None:
            raise AssertionError(f"It ended with {process.returncode}: {process.communicate()[0]}")
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Start a run and return it in the middle of what is long."""
    temporary = project.folder / "temporary"
    temporary.mkdir(exist_ok=True)
    process = project.popen(
        "safemigrate",
        "--noinput",
        *(arguments or ("--backup", "never")),
        env={"TMPDIR": str(temporary)},
    )
    wait_for((project.folder / "began").exists, process)
    # The statement itself begins a little later; one that had not begun yet is never begun.
    time.sleep(0.5)
    return process


def end(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send the signal; return the output of the process, which ended in time and as signals end programs."""
    sent = time.monotonic()
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=300)
    seconds = time.monotonic() - sent
    print(f"It took {seconds:.2f} s to end after {number.name}.")  # noqa: T201
    assert process.returncode == 128 + number, output
    assert "Traceback" not in output
    assert seconds < BOUND
    return output


def last_run(project: Project) -> tuple[str, int]:
    """Status and exit code of the last run; repairs are runs of another kind."""
    rows = project.sql(
        "SELECT status, exit_code FROM django_safe_migrate_migrationrun "
        "WHERE kind = 'migrate' ORDER BY started_at DESC"
    )
    return rows[0][0], rows[0][1]


def assert_nothing_is_left(project: Project, *, is_proven: bool = True) -> None:
    """No session of the run is on the server, the run lock is free, and another run goes on where this one stopped."""
    sessions = {
        "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "mariadb": "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()",
    }.get(project.server.name)
    deadline = time.monotonic() + 30
    while sessions and project.sql(sessions):
        assert time.monotonic() < deadline, project.sql(sessions)
        time.sleep(0.1)
    project.write("shop/migrations/0003_long.py", long_migration("SELECT 1"))
    # Of an operation that no transaction undoes, only a look at the migration tells that it left nothing, if no proof does.
    is_in_doubt = project.server.name == "mariadb" and not is_proven
    allowed = ["--allow", "half_done_migration"] if is_in_doubt else []
    result = project.manage(
        "safemigrate", "--noinput", "--backup", "never", "--wait", "0", *allowed, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert ("shop", "0003_long") in project.applied_migrations()


# --- in the middle of a statement -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", SIGNALS)
def test_a_statement_is_cancelled(project: Project, number: signal.Signals) -> None:
    with_migration(project, long_migration(ENDLESS[project.server.name]))
    output = end(start(project), number)
    assert f"The run was stopped by {number.name}." in output
    assert "1 of 2 planned migrations are done" in output
    assert ("shop", "0002_colour") in project.applied_migrations()
    assert ("shop", "0003_long") not in project.applied_migrations()
    assert last_run(project) == ("interrupted", 128 + number)
    assert project.sql("SELECT count(*) FROM shop_order") == [(2,)]
    # A SLEEP that is killed gives 1 and no error: a statement that succeeded, and that may have called anything.
    assert_nothing_is_left(project, is_proven=False)


@pytest.mark.vendors("mariadb")
@pytest.mark.parametrize("sql", [ENDLESS_WRITING, ENDLESS_ALTERING])
def test_work_of_mariadb_is_cancelled(project: Project, sql: str) -> None:
    with_migration(project, long_migration(sql))
    project.sql(MANY_ROWS)
    end(start(project), signal.SIGTERM)
    assert last_run(project) == ("interrupted", 143)
    assert project.sql("SELECT count(*) FROM shop_order") == [(30_003,)]
    assert project.sql("SHOW COLUMNS FROM shop_order LIKE 'slow'") == []
    assert_nothing_is_left(project)


SWALLOWING = """
def run(apps, schema_editor):
    for attempt in range(1000):
        try:
            execute(schema_editor, {sql!r})
        except {caught}:
            pass
"""


@pytest.mark.parametrize("caught", ["Exception", "BaseException"])
def test_code_that_goes_on_after_every_error_is_stopped(project: Project, caught: str) -> None:
    sql = ENDLESS[project.server.name]
    with_migration(project, long_code(SWALLOWING.format(sql=sql, caught=caught)))
    end(start(project), signal.SIGTERM)
    assert last_run(project) == ("interrupted", 143)
    assert ("shop", "0003_long") not in project.applied_migrations()


@pytest.mark.vendors("sqlite")
def test_a_timeout_of_statements_does_not_swallow_the_signal(project: Project) -> None:
    """SQLite looks at the clock through a function in Python, and drops what is raised there."""
    with_migration(project, long_migration(ENDLESS["sqlite"]))
    output = end(start(project, "--backup", "never", "--statement-timeout", "5min"), signal.SIGTERM)
    assert "The run was stopped by SIGTERM." in output
    assert last_run(project) == ("interrupted", 143)


# --- between statements, and in other stages ------------------------------------------------------------------------


@contextlib.contextmanager
def locked(project: Project) -> Iterator[None]:
    """Hold a lock on the shop's table that no migration gets past."""
    with open_connection(project.databases["default"]) as blocker, blocker.cursor() as cursor:
        if project.server.name == "mariadb":
            cursor.execute("LOCK TABLES shop_order WRITE")
        else:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE shop_order IN ACCESS EXCLUSIVE MODE")
        yield


LOCKED_OUT = """
def run(apps, schema_editor):
    pathlib.Path("began").touch()
    while not pathlib.Path("locked").exists():
        time.sleep(0.02)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_order ADD COLUMN wide INT")
"""


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_wait_for_a_lock_and_between_two_attempts(project: Project) -> None:
    with_migration(project, long_code(LOCKED_OUT))
    project.settings(SAFE_MIGRATE={"RETRY": {"ATTEMPTS": 1000, "MAX_WAIT": "1h"}})
    process = start(project, "--backup", "never", "--lock-timeout", "1s")
    with locked(project):
        (project.folder / "locked").touch()
        # Several attempts later the waits between them are long.
        time.sleep(6)
        end(process, signal.SIGTERM)
    assert last_run(project) == ("interrupted", 143)


def test_a_wait_for_another_run(project: Project) -> None:
    with_migration(project, long_migration(ENDLESS[project.server.name]))
    holder = start(project)
    try:
        waiting = project.popen("safemigrate", "--noinput", "--backup", "never", "--wait", "5min")
        assert waiting.stdout is not None
        line = waiting.stdout.readline()
        while "Waiting for another run" not in line:
            assert line, waiting.wait()
            line = waiting.stdout.readline()
        output = end(waiting, signal.SIGTERM)
    finally:
        holder.kill()
        holder.communicate()
    assert "The command was stopped by SIGTERM before its run began." in output
    assert "The database was not changed." in output


#: Stands for a dump program; it dumps, and then does not come to an end.
SLOW_DUMP = """#!/bin/sh
case "$*" in *--version*) exec {program} "$@" ;; esac
touch {folder}/began
{program} "$@"
sleep 300
"""


def slow_programs(project: Project) -> str:
    """Return a folder of client programs whose dump program really dumps, and then does not come to an end."""
    name = {"postgresql": "pg_dump", "mariadb": "mariadb-dump"}[project.server.name]
    real = Path(shutil.which(name, path=project.environment()["PATH"]) or "")
    programs = project.folder / "programs"
    programs.mkdir()
    for program in real.parent.iterdir():
        if program.name.startswith(("pg_", "psql", "mariadb", "mysql")) and program.name != name:
            (programs / program.name).symlink_to(program)
    slow = programs / name
    slow.write_text(SLOW_DUMP.format(program=real, folder=project.folder))
    slow.chmod(0o755)
    return str(programs)


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_backup_is_broken_off(project: Project) -> None:
    programs = slow_programs(project)
    with_migration(project, long_migration("SELECT 1"))
    kept = backups(project)
    project.settings(SAFE_MIGRATE={"BACKUP": {"OPTIONS": {"bin_dir": programs}}})
    output = end(start(project, "--backup", "always"), signal.SIGTERM)
    assert "The run was stopped by SIGTERM." in output
    assert "The database was not changed." in output
    assert last_run(project) == ("interrupted", 143)
    assert backups(project) == kept
    assert [one for one in psutil.process_iter() if _works_in(one, project.folder)] == []


def backups(project: Project) -> set[Path]:
    """Every file of a backup, in the storage or on its way there."""
    return {
        path for name in ("backups", "temporary") for path in (project.folder / name).rglob("*")
    }


def _works_in(process: psutil.Process, folder: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return any(str(folder) in part for part in process.cmdline())
    return False


# --- a second signal ------------------------------------------------------------------------------------------------

TIDYING = """
def run(apps, schema_editor):
    try:
        execute(schema_editor, {sql!r})
    finally:
        pathlib.Path("tidying").touch()
        time.sleep(300)
"""


def test_a_second_signal_ends_the_process_and_the_state_is_known(project: Project) -> None:
    with_migration(project, long_code(TIDYING.format(sql=ENDLESS[project.server.name])))
    process = start(project)
    os.kill(process.pid, signal.SIGTERM)
    wait_for((project.folder / "tidying").exists, process)
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=300)
    assert process.returncode == -signal.SIGTERM
    status = json.loads(project.manage("migrate_status", "--format", "json", check=False).stdout)
    assert "crashed" in json.dumps(status)
    repaired = project.manage("migrate_repair", "--runs", "--noinput", check=False)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert last_run(project)[0] == "crashed"
    assert_nothing_is_left(project, is_proven=False)
