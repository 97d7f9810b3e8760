"""Going back with --force past what cannot be undone: everything that is skipped is told, recorded and agreed to."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time

import pytest

from tests.management.commands.shop import ADD_COLOUR, ADD_SIZE, installed
from tests.projects import Project, migration

pytestmark = pytest.mark.slow

FORCED = ("--force", "--noinput", "--backup", "never")
CODE = """
def fill(apps, schema_editor):
    apps.get_model("shop", "Order").objects.using(schema_editor.connection.alias).update(colour="red")
"""
FILLED = migration(
    """
    migrations.RunPython(fill),
    migrations.AddField("order", "size", models.IntegerField(null=True)),
    """,
    dependencies=[("shop", "0002_colour")],
    before=CODE,
)
SQL = migration(
    """
    migrations.RunSQL(
        "ALTER TABLE shop_order ADD COLUMN weight integer",
        state_operations=[migrations.AddField("order", "weight", models.IntegerField(null=True))],
    ),
    """,
    dependencies=[("shop", "0003_filled")],
)


def applied(project: Project) -> list[str]:
    return [name for app, name in project.applied_migrations() if app == "shop"]


def columns(project: Project) -> list[str]:
    return sorted(project.snapshot().tables["shop_order"].columns)


def notices(project: Project) -> list[str]:
    """What is noted in the newest run of the history."""
    rows = project.sql(
        "SELECT notices FROM django_safe_migrate_migrationrun ORDER BY started_at DESC"
    )
    found = rows[0][0]
    return list(json.loads(found) if isinstance(found, str) else found)


def grown(project: Project) -> Project:
    """The shop with a migration that has no reverse in its middle, and one of hand-written SQL after it."""
    installed(project, m0002_colour=ADD_COLOUR, m0003_filled=FILLED, m0004_weight=SQL)
    project.manage("safemigrate", "--noinput", "--backup", "never", "--allow", "run_sql_blocking")
    assert applied(project) == ["0001_initial", "0002_colour", "0003_filled", "0004_weight"]
    return project


SKIPPED = [
    "Skipped, shop.0004_weight: operation 1 (Raw SQL operation) is not undone, since it has no reverse; "
    "what its SQL did stays: ALTER TABLE shop_order ADD COLUMN weight integer.",
    "Skipped, shop.0003_filled: operation 1 (Raw Python operation) is not undone, since it has no reverse; "
    "what its function fill() did to rows stays.",
]


def test_operations_without_a_reverse_are_stepped_over(project: Project) -> None:
    grown(project)
    before = project.snapshot(exclude=["django_safe_migrate_*"])
    refused = project.manage("migrate_rollback", "--to", "shop", "0002", "--noinput", check=False)
    assert refused.returncode == 3
    assert "--force goes back past it, and says what stays." in refused.stderr
    shown = project.manage("migrate_rollback", "--to", "shop", "0002", *FORCED, "--dry-run").stdout
    assert all(line in shown for line in SKIPPED)
    asked = project.manage("migrate_rollback", "--to", "shop", "0002", "--force", check=False)
    assert asked.returncode == 3
    assert "without a terminal --force needs --noinput for that." in asked.stderr
    assert "The database was not changed." in asked.stderr
    assert before.difference(project.snapshot(exclude=["django_safe_migrate_*"])) == []

    told = project.manage("migrate_rollback", "--to", "shop.0002_colour", *FORCED)
    assert all(line in told.stdout for line in SKIPPED)
    assert applied(project) == ["0001_initial", "0002_colour"]
    # The column of the hand-written SQL stays, that of the reversible operation beside the function is gone.
    assert columns(project) == ["colour", "id", "note", "number", "weight"]
    assert project.sql("SELECT DISTINCT colour FROM shop_order") == [("red",)]
    assert notices(project)[:2] == SKIPPED


@pytest.mark.vendors("sqlite", "postgresql")
def test_migrations_whose_file_is_gone_lose_their_record_only(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_size=ADD_SIZE)
    project.manage("safemigrate", "--noinput", "--backup", "never")
    run = run_of(project, "0003_size")
    project.delete_migration("shop", "0003_size")
    refused = project.manage("migrate_rollback", "--run", run, "--noinput", check=False)
    assert refused.returncode == 1
    assert "its file is gone: it cannot be unapplied." in refused.stderr
    told = project.manage("migrate_rollback", "--to", run[:8], *FORCED).stdout
    skipped = (
        "Skipped, shop.0003_size: its file is gone, and only its record is deleted; "
        f"what it did stays, by run {run[:8]}: Add field size to order."
    )
    assert skipped in told
    assert applied(project) == ["0001_initial"]
    assert columns(project) == ["id", "note", "number", "size"]
    assert notices(project)[0] == skipped
    assert notices(project)[-1] == "The record of shop.0003_size, which has no file, was deleted."


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    "goal", [("--steps", "1"), ("--to", "shop", "0002"), ("--to", "shop.0002")]
)
def test_only_records_without_a_file(project: Project, goal: tuple[str, ...]) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_size=ADD_SIZE)
    project.manage("safemigrate", "--noinput", "--backup", "never")
    project.delete_migration("shop", "0003_size")
    project.manage("migrate_rollback", *goal, *FORCED)
    assert applied(project) == ["0001_initial", "0002_colour"]
    again = project.manage("migrate_rollback", "--to", "shop", "0002", *FORCED)
    assert "Nothing to roll back" in again.stdout


@pytest.mark.vendors("sqlite")
def test_without_journals_and_without_the_possibility_of_a_backup(project: Project) -> None:
    """The history is enough to find the run; the backup's storage is a file, so that nothing can be written into it."""
    installed(project, m0002_colour=ADD_COLOUR)
    project.manage("safemigrate", "--noinput", "--backup", "never")
    run = run_of(project, "0002_colour")
    shutil.rmtree(project.folder / ".safe_migrate" / "journal")
    (project.folder / "blocked").touch()
    storage = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(project.folder / "blocked" / "backups")},
    }
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    project.settings(STORAGES={"default": default, "staticfiles": static, "dbbackup": storage})
    result = project.manage("migrate_rollback", "--run", run, "--force", "--noinput")
    assert "Skipped, backup: none c" in result.stdout
    assert applied(project) == ["0001_initial"]
    assert any(one.startswith("Skipped, backup: none c") for one in notices(project))


@pytest.mark.vendors("mariadb")
def test_a_half_done_migration_is_undone_first(project: Project) -> None:
    failing = migration(
        """
        migrations.AddField("order", "size", models.IntegerField(null=True)),
        migrations.RunPython(fail),
        """,
        dependencies=[("shop", "0002_colour")],
        before="def fail(apps, schema_editor):\n    raise ValueError('not as expected')\n",
    )
    installed(project, m0002_colour=ADD_COLOUR, m0003_failing=failing)
    failed = project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    assert failed.returncode == 7
    run = run_of(project, "0002_colour")
    refused = project.manage("migrate_rollback", "--run", run, "--noinput", check=False)
    assert refused.returncode == 3
    assert columns(project) == ["colour", "id", "note", "number", "size"]
    project.manage("migrate_rollback", "--run", run, *FORCED)
    assert applied(project) == ["0001_initial"]
    assert columns(project) == ["id", "note", "number"]
    assert "which run" in notices(project)[0]
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"


@pytest.mark.vendors("mariadb")
def test_a_half_done_migration_that_nobody_understands_is_left(project: Project) -> None:
    failing = migration(
        """
        migrations.AddField("order", "size", models.IntegerField(null=True)),
        migrations.RunPython(fail),
        """,
        dependencies=[("shop", "0002_colour")],
        before="def fail(apps, schema_editor):\n    raise ValueError('not as expected')\n",
    )
    installed(project, m0002_colour=ADD_COLOUR, m0003_failing=failing)
    project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    project.sql("ALTER TABLE shop_order MODIFY size varchar(7)")
    project.manage("migrate_rollback", "--to", "shop", "0001", *FORCED)
    assert applied(project) == ["0001_initial"]
    assert columns(project) == ["id", "note", "number", "size"]
    assert notices(project)[0].startswith(
        "Skipped, shop.0003_failing: it is half done and is not undone, since "
    )


@pytest.mark.vendors("sqlite")
def test_at_a_terminal_the_name_of_the_database_is_asked_for(project: Project) -> None:
    grown(project)
    goal = ("migrate_rollback", "--to", "shop", "0003", "--force", "--backup", "never")
    output, status = at_terminal(project, *goal, answer="yes")
    assert status == 3, output
    assert "The name of the database was not typed" in output
    assert applied(project)[-1] == "0004_weight"
    name = project.databases["default"]["NAME"]
    output, status = at_terminal(project, *goal, answer=str(name))
    assert status == 0, output
    assert applied(project)[-1] == "0003_filled"


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("goal", "told"),
    [
        (
            ["--to", "a", "b", "c"],
            "--to takes APP MIGRATION, APP.MIGRATION or the id of a run, and not 3 words.",
        ),
        (
            ["--to", "shop"],
            "There is no run 'shop' on database 'default'. See: migrate_status --history",
        ),
        (["--to", "shop.0009"], "Cannot find a migration matching '0009' from app 'shop'."),
        (["--steps", "0"], "--steps is 0; it must be at least 1."),
    ],
)
def test_goals_that_make_no_sense(project: Project, goal: list[str], told: str) -> None:
    installed(project)
    result = project.manage("migrate_rollback", *goal, *FORCED, check=False)
    assert (result.returncode, result.stderr.strip()) == (1, f"CommandError: {told}")


def run_of(project: Project, name: str) -> str:
    """The id of the run that applied a migration."""
    shown = project.manage("migrate_status", "--history", "--format", "json").stdout
    return next(
        str(run["id"]) for run in json.loads(shown)["runs"] if f"shop.{name}" in run["migrations"]
    )


def at_terminal(project: Project, *arguments: str, answer: str) -> tuple[str, int]:
    """Run a command at a terminal and type one line; return what was shown and the exit status."""
    own, others = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=project.folder,
        env=project.environment(),
        stdin=others,
        stdout=others,
        stderr=others,
    )
    os.close(others)
    os.write(own, f"{answer}\n".encode())
    shown, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([own], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            part = os.read(own, 65536)
        except OSError:  # Linux answers so when nobody has the other end any more.
            break
        if not part:
            break
        shown += part
    os.close(own)
    return shown.decode(), process.wait(60)
