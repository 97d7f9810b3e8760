"""The command as people and scripts use it: text, exit status, watching, and killed runs, on real servers."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.projects import Project, migration
from tests.servers import Server
from tests.status.journals import HandMade, step

MODELS = """
class Order(models.Model):
    pass
"""
ORDER = "migrations.CreateModel('Order', [('id', models.BigAutoField(primary_key=True))]),"
#: A migration that makes a table, tells that it has come so far, and then waits until it may go on.
SLOW = """
import pathlib, time
FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent

def wait(apps, schema_editor):
    (FOLDER / "began").touch()
    while not (FOLDER / "go_on").exists():
        time.sleep(0.05)
"""
SLOW_OPERATIONS = """
migrations.CreateModel('Parcel', [('id', models.BigAutoField(primary_key=True))]),
migrations.RunPython(wait, migrations.RunPython.noop),
migrations.CreateModel('Label', [('id', models.BigAutoField(primary_key=True))]),
"""


def shop(project: Project) -> None:
    """Install an app with one migration."""
    project.write_app(
        "shop", models=MODELS, migrations={"0001_initial": migration(ORDER, initial=True)}
    )


def slow(project: Project, **attributes: Any) -> None:
    """Migrate everything, and write a migration that does not end by itself."""
    shop(project)
    project.manage("safemigrate", "--noinput", "--backup", "never")
    source = migration(
        SLOW_OPERATIONS, before=SLOW, dependencies=[("shop", "0001_initial")], **attributes
    )
    project.write_app("shop", migrations={"0002_slow": source})


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for something that a process does; its end fails the test with its output."""
    while not condition():
        if process.poll() is not None:
            raise AssertionError(f"It ended with {process.returncode}: {process.communicate()[0]}")
        time.sleep(0.05)


def start_slow_run(project: Project) -> subprocess.Popen[str]:
    """Start the run and return when it is in the middle of its RunPython."""
    process = project.popen("safemigrate", "--noinput", "--backup", "never")
    wait_for((project.folder / "began").exists, process)
    return process


def status_of(project: Project, *arguments: str, check: bool = True) -> dict[str, Any]:
    """Return the status as JSON."""
    output = project.manage("migrate_status", "--format", "json", *arguments, check=check).stdout
    found: dict[str, Any] = json.loads(output)
    return found


# --- text --------------------------------------------------------------------------------------------------------------------


@pytest.mark.vendors("sqlite")
def test_overview(project: Project) -> None:
    shop(project)
    project.manage("migrate")
    project.write_app(
        "shop", migrations={"0002_more": migration("", dependencies=[("shop", "0001_initial")])}
    )
    output = project.manage("migrate_status").stdout
    assert re.sub(r"SQLite [\d.]+", "SQLite 3", output) == (
        """\
default (SQLite 3): 1 pending, nothing running, no run yet

Pending, in the order in which they would be applied
  shop.0002_more

Migrations
  app                  applied  pending  faked  squashed  ghost  last applied
  admin                      3        -      -         -      -  0003_logentry_add_action_flag_choices
  auth                      12        -      -         -      -  0012_alter_user_first_name_max_length
  contenttypes               2        -      -         -      -  0002_remove_content_type_name
  django_safe_migrate        1        -      -         -      -  0001_initial
  sessions                   1        -      -         -      -  0001_initial
  shop                       1        1      -         -      -  0001_initial

Run lock
  free
"""
    )


@pytest.mark.vendors("sqlite")
def test_pending(project: Project) -> None:
    shop(project)
    project.manage("migrate")
    output = project.manage("migrate_status", "--pending").stdout
    assert output.endswith("\nPending, in the order in which they would be applied\n  none\n")


@pytest.mark.vendors("sqlite")
def test_pending_json_has_only_pending_migrations(project: Project) -> None:
    shop(project)
    project.manage("migrate", "auth")
    status = status_of(project, "--pending")
    states = {one["state"] for app in status["apps"] for one in app["migrations"]}
    assert states == {"pending"}
    assert "auth" not in {app["label"] for app in status["apps"]}


@pytest.mark.vendors("sqlite")
def test_colours_only_where_they_are_wanted(project: Project) -> None:
    assert "\x1b[" not in project.manage("migrate_status").stdout
    assert "\x1b[1;33m" in project.manage("migrate_status", "--force-color").stdout
    assert "\x1b[" not in project.manage("migrate_status", "--no-color").stdout


@pytest.mark.vendors("sqlite")
def test_check(project: Project) -> None:
    shop(project)
    result = project.manage("migrate_status", "--check", "shop", check=False)
    assert result.returncode == 1
    assert result.stderr == "CommandError: 1 migration is pending: shop.0001_initial.\n"
    assert result.stdout.count("\n") == 1
    assert json.loads(
        project.manage("migrate_status", "--check", "--format", "json", "shop", check=False).stdout
    )["check"] == {"ok": False, "reasons": ["1 migration is pending: shop.0001_initial."]}
    project.manage("migrate")
    assert project.manage("migrate_status", "--check").stderr == ""


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shpo"], "CommandError: No installed app has the label 'shpo'.\n"),
        (
            ["--watch", "--check"],
            "CommandError: --watch shows one run: it takes neither --check nor an app.\n",
        ),
    ],
)
def test_mistakes(project: Project, arguments: list[str], message: str) -> None:
    result = project.manage("migrate_status", *arguments, check=False)
    assert (result.returncode, result.stderr) == (1, message)


@pytest.mark.vendors("sqlite")
def test_limit_that_is_no_number(project: Project) -> None:
    result = project.manage("migrate_status", "--limit", "0", check=False)
    assert result.returncode == 2
    assert result.stderr.endswith(
        "argument --limit: '0' is not a number of runs; write 1 or more.\n"
    )


@pytest.mark.vendors("sqlite")
def test_history(project: Project) -> None:
    for number in range(7):
        HandMade(project, [step(f"shop.{number:04}")]).finish("succeeded")
    assert len(status_of(project)["runs"]) == 5
    assert len(status_of(project, "--history")["runs"]) == 7
    assert len(status_of(project, "--history", "--limit", "2")["runs"]) == 2
    output = project.manage("migrate_status", "--history").stdout
    assert output.count("  migrate  succeeded  ") == 7


# --- it writes nothing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(), ("--history",), ("--watch",)])
def test_it_changes_nothing(project: Project, arguments: tuple[str, ...]) -> None:
    shop(project)
    project.manage("migrate")
    before = project.snapshot(ignore_columns={})
    HandMade(project, [step("shop.0001_initial")]).execute(0)
    files = sorted(project.folder.rglob("*"))
    project.manage("migrate_status", *arguments)
    assert before.difference(project.snapshot(ignore_columns={})) == []
    changed = set(project.folder.rglob("*")) ^ set(files)
    assert [one for one in changed if "__pycache__" not in one.parts] == []


@pytest.mark.vendors("postgresql")
def test_read_only_role(project: Project) -> None:
    shop(project)
    project.manage("migrate")
    role = f"reader_{project.databases['default']['NAME']}"
    project.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'reader' NOSUPERUSER")
    project.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    project.sql(f"ALTER ROLE {role} SET default_transaction_read_only = on")
    owner = dict(project.databases["default"])
    project.databases["default"] |= {"USER": role, "PASSWORD": "reader"}
    project.write_settings()
    try:
        status = status_of(project, "--check")
        assert status["lock"] == {"state": "free", "detail": ""}
        assert (status["problems"], status["history_unavailable"]) == ([], "")
    finally:
        project.databases["default"] = owner
        project.sql(f"DROP OWNED BY {role}")
        project.sql(f"DROP ROLE {role}")


@pytest.mark.vendors("postgresql")
def test_role_that_may_not_read_the_records(project: Project) -> None:
    project.manage("migrate")
    role = f"stranger_{project.databases['default']['NAME']}"
    project.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'stranger' NOSUPERUSER")
    owner = dict(project.databases["default"])
    project.databases["default"] |= {"USER": role, "PASSWORD": "stranger"}
    project.write_settings()
    try:
        result = project.manage("migrate_status", check=False)
        assert result.returncode == 1
        assert result.stderr == (
            "CommandError: The migrations recorded in database 'default' cannot be read "
            "(ProgrammingError: permission denied for table django_migrations).\n"
            "The database was not changed.\n"
        )
    finally:
        project.databases["default"] = owner
        project.sql(f"DROP ROLE {role}")


@pytest.mark.vendors("sqlite")
def test_sqlite_file_opened_read_only(project: Project) -> None:
    shop(project)
    project.manage("migrate")
    file = Path(project.databases["default"]["NAME"])
    content, siblings = file.read_bytes(), sorted(file.parent.iterdir())
    project.databases["default"] |= {
        "NAME": f"file:{file}?mode=ro",
        "OPTIONS": {"uri": True},
    }
    project.write_settings()
    status = status_of(project, "--check")
    assert status["lock"] == {"state": "free", "detail": ""}
    assert (file.read_bytes(), sorted(file.parent.iterdir())) == (content, siblings)
    project.databases["default"]["NAME"] = str(file)


# --- the database is down ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["postgresql", "mariadb"])
def test_database_is_down(
    vendor: str,
    make_server: Callable[..., Server],
    make_project: Callable[..., Project],
) -> None:
    server = make_server(vendor)
    project = make_project(server)
    shop(project)
    project.manage("migrate")
    run = HandMade(project, [step("shop.0001_initial")]).execute(0)
    server.stop()
    try:
        result = project.manage("migrate_status", check=False)
        assert result.returncode == 1
        assert "cannot be reached, nothing running, last run was killed" in result.stdout
        assert f"Killed: run {run.id}" in result.stdout
        assert result.stderr.startswith("CommandError: Database 'default' cannot be reached: ")
        assert "What is shown above comes from the journals." in result.stderr
        assert "Traceback" not in result.stderr
        status = status_of(project, check=False)
        assert status["unreachable"]
        assert [one["run"]["id"] for one in status["dead_runs"]] == [run.id]
    finally:
        server.start()


# --- runs that are killed, and runs that go on -------------------------------------------------------------------------------


def kill(process: subprocess.Popen[str]) -> None:
    """End a process as the kernel does when memory runs out."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_killed_in_the_middle_of_a_migration(project: Project) -> None:
    slow(project)
    process = start_slow_run(project)
    running = status_of(project)
    assert running["lock"]["state"] == "held"
    (progress,) = running["under_way"]
    assert (progress["stage"], progress["migration"], progress["operation"]) == (
        "execute",
        "shop.0002_slow",
        "Raw Python operation",
    )
    kill(process)

    status = status_of(project)
    assert status["under_way"] == []
    assert status["lock"] == {"state": "free", "detail": ""}
    (dead,) = status["dead_runs"]
    assert (dead["run"]["id"], dead["run"]["status"]) == (progress["run"]["id"], "crashed")
    assert dead["migration"] == "shop.0002_slow"
    assert status["pending"] == ["shop.0002_slow"]
    if project.server.vendor != "mysql":
        assert status["half_done"] == []
        assert "nothing of it is left in the database" in dead["explanation"]
        assert dead["next_commands"][0]["command"] == "safemigrate"
        (project.folder / "go_on").touch()
        project.manage("safemigrate", "--noinput", "--backup", "never")
        assert status_of(project, "--check")["dead_runs"] == []
        return
    (half,) = status["half_done"]
    assert [one["state"] for one in half["operations"]] == [
        "finished",
        "nothing left",
        "not begun",
    ]
    assert half["explanation"] == (
        "shop.0002_slow: 1 of 3 operations are finished, and it is not recorded."
    )


def test_killed_in_a_migration_without_a_transaction(project: Project) -> None:
    slow(project, atomic=False)
    kill(start_slow_run(project))
    status = status_of(project, "--check", check=False)
    (half,) = status["half_done"]
    assert [one["state"] for one in half["operations"]] == ["finished", "unclear", "not begun"]
    assert "1 migration is half done: shop.0002_slow." in status["check"]["reasons"]
    text = project.manage("migrate_status").stdout
    assert "Half done: shop.0002_slow (forwards, run " in text
    assert re.search(r"^  finished +1  Create model Parcel$", text, re.MULTILINE)
    assert "  python manage.py sqlmigrate shop 0002_slow" in text


def test_watch(project: Project) -> None:
    slow(project)
    run = start_slow_run(project)
    watcher = project.popen("migrate_status", "--watch")
    assert watcher.stdout is not None
    assert re.fullmatch(
        r"migrate [0-9a-f-]{36} on default \(.+\), by .+ on .+, process \d+\n",
        watcher.stdout.readline(),
    )
    assert re.fullmatch(
        r" +[\d.]+ s  execute  0 of 1 migrations  shop\.0002_slow  Raw Python operation\n",
        watcher.stdout.readline(),
    )
    (project.folder / "go_on").touch()
    assert run.wait(60) == 0, run.communicate()[0]
    rest = watcher.communicate(timeout=60)[0]
    assert watcher.returncode == 0
    assert re.search(
        r"^Run [0-9a-f-]{36} succeeded after [\d.]+ s with exit status 0: 1 of 1 migrations\.$",
        rest,
        re.MULTILINE,
    )
    run.communicate()


def test_watch_when_the_run_is_killed(project: Project) -> None:
    slow(project)
    run = start_slow_run(project)
    watcher = project.popen("migrate_status", "--watch")
    assert watcher.stdout is not None
    watcher.stdout.readline()
    kill(run)
    rest = watcher.communicate(timeout=60)[0]
    assert watcher.returncode == 0
    assert re.search(
        r"^Run [0-9a-f-]{36} was killed: 0 of 1 migrations\. Process ", rest, re.MULTILINE
    )
    assert "See: python manage.py migrate_status" in rest


@pytest.mark.vendors("sqlite", "postgresql")
def test_watch_from_another_machine(project: Project) -> None:
    """Without the journal, the history tells which migration is under way and how the run ended."""
    project.add_settings_code(
        'import os; SAFE_MIGRATE = {"JOURNAL_DIR": os.environ.get("JOURNALS") or None}'
    )
    slow(project)
    run = start_slow_run(project)
    elsewhere = {"JOURNALS": str(project.folder / "elsewhere")}
    watcher = project.popen("migrate_status", "--watch", env=elsewhere)
    assert watcher.stdout is not None
    read = [watcher.stdout.readline() for _ in range(3)]
    (project.folder / "go_on").touch()
    rest = watcher.communicate(timeout=300)[0]
    assert run.wait(300) == 0, run.communicate()[0]
    run.communicate()
    assert "on another machine" in read[1]
    assert "execute  0 of 1 migrations  shop.0002_slow" in read[2]
    assert " with exit status 0: 1 of 1 migrations." in rest


@pytest.mark.vendors("sqlite")
def test_watch_as_json(project: Project) -> None:
    slow(project)
    run = start_slow_run(project)
    watcher = project.popen("migrate_status", "--watch", "--format", "json")
    assert watcher.stdout is not None
    first = json.loads(watcher.stdout.readline())
    assert first["event"] == "progress"
    assert first["progress"]["migration"] == "shop.0002_slow"
    (project.folder / "go_on").touch()
    assert run.wait(60) == 0, run.communicate()[0]
    *_, last = map(json.loads, watcher.communicate(timeout=60)[0].splitlines())
    assert watcher.returncode == 0
    assert (last["event"], last["run"], last["exit_code"]) == ("report", first["run"], 0)
    assert last["report"]["migrations"][0]["status"] == "applied"
    run.communicate()


@pytest.mark.vendors("sqlite")
def test_ctrl_c_leaves_watching_quietly(project: Project) -> None:
    slow(project)
    run = start_slow_run(project)
    watcher = project.popen("migrate_status", "--watch")
    assert watcher.stdout is not None
    for _ in ("which run it is", "where it is"):
        watcher.stdout.readline()
    watcher.send_signal(signal.SIGINT)
    assert watcher.communicate(timeout=60)[0] == ""
    assert watcher.returncode == 130
    kill(run)


@pytest.mark.vendors("sqlite")
def test_watch_without_a_run(project: Project) -> None:
    result = project.manage("migrate_status", "--watch")
    assert result.stdout == "No run is under way on database 'default'.\n"
    as_json = project.manage("migrate_status", "--watch", "--format", "json").stdout
    assert json.loads(as_json)["report"] is None


@pytest.mark.vendors("sqlite")
def test_faked(project: Project) -> None:
    shop(project)
    project.manage("safemigrate", "--noinput", "--backup", "never")
    more = migration("", dependencies=[("shop", "0001_initial")])
    project.write_app("shop", migrations={"0002_more": more})
    project.manage("safemigrate", "shop", "0002", "--fake", "--noinput", "--backup", "never")

    def faked() -> list[str]:
        (app,) = status_of(project, "shop")["apps"]
        return [one["name"] for one in app["migrations"] if one["faked"]]

    assert faked() == ["0002_more"]
    assert "recorded without being carried out (--fake)" in project.manage("migrate_status").stdout
    project.manage("safemigrate", "shop", "0001", "--noinput", "--backup", "never")
    assert faked() == []
    project.manage("safemigrate", "shop", "--noinput", "--backup", "never")
    assert faked() == []
