from __future__ import annotations

import json

import pytest

from tests.management.commands.shop import ADD_COLOUR, ADD_SIZE, DROP_NOTE, OURS, installed
from tests.projects import Project, migration

IRREVERSIBLE = migration(
    "migrations.RunPython(nothing),",
    dependencies=[("shop", "0002_colour")],
    before="""
def nothing(apps, schema_editor):
    pass
""",
)


def applied(project: Project) -> list[str]:
    return [name for app, name in project.applied_migrations() if app == "shop"]


def last_run(project: Project) -> str:
    result = project.manage("migrate_status", "--history", "--format", "json")
    return str(json.loads(result.stdout)["runs"][0]["id"])


def grown(project: Project) -> Project:
    """The shop with two more migrations applied in one run, and a value in a new column."""
    installed(project, m0002_colour=ADD_COLOUR, m0003_size=ADD_SIZE)
    project.manage("safemigrate", "--noinput")
    project.sql("UPDATE shop_order SET colour = 'red' WHERE number = 'A1'")
    return project


def test_steps_says_what_is_lost_and_refuses_without_force(project: Project) -> None:
    grown(project)
    before = project.snapshot(exclude=[OURS])
    shown = project.manage("migrate_rollback", "--steps", "2", "--dry-run").stdout
    assert "column colour of shop_order is dropped with 2 rows, which are kept for 30 days" in shown
    refused = project.manage("migrate_rollback", "--steps", "2", "--noinput", check=False)
    assert refused.returncode == 3
    assert "The database was not changed." in refused.stderr
    assert before.difference(project.snapshot(exclude=[OURS])) == []
    project.manage("migrate_rollback", "--steps", "2", "--noinput", "--force")
    assert applied(project) == ["0001_initial"]
    project.manage("safemigrate", "--noinput")
    assert applied(project) == ["0001_initial", "0002_colour", "0003_size"]


def test_a_run_is_undone_exactly_and_the_way_back_is_recorded(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_size=ADD_SIZE)
    before = project.snapshot(exclude=[OURS, "django_migrations"])
    project.manage("safemigrate", "--noinput")
    run = last_run(project)
    project.manage("migrate_rollback", "--run", run[:8], "--noinput", "--force")
    assert applied(project) == ["0001_initial"]
    assert before.difference(project.snapshot(exclude=[OURS, "django_migrations"])) == []
    kind, status, undone = project.sql(
        "SELECT kind, status, rollback_of_id FROM django_safe_migrate_migrationrun ORDER BY started_at DESC"
    )[0]
    assert (kind, status) == ("rollback", "succeeded")
    assert str(undone).replace("-", "") == run.replace("-", "")


def test_restore_brings_back_rows_and_keeps_the_history(project: Project) -> None:
    installed(project, m0002_note=DROP_NOTE)
    before = project.snapshot(exclude=[OURS])
    project.manage("safemigrate", "--noinput", "--allow", "drop_column")
    name = project.sql("SELECT name FROM django_safe_migrate_backup")[0][0]
    refused = project.manage("migrate_rollback", "--restore", name, "--noinput", check=False)
    assert refused.returncode == 3
    assert refused.stderr.startswith(
        "CommandError: The restore was not confirmed; without a terminal it needs --force."
    )
    project.manage("migrate_rollback", "--restore", name, "--force", "--noinput")
    assert before.difference(project.snapshot(exclude=[OURS])) == []
    runs = project.sql(
        "SELECT kind, status FROM django_safe_migrate_migrationrun ORDER BY started_at"
    )
    assert runs[-2:] == [("migrate", "succeeded"), ("restore", "succeeded")]


@pytest.mark.vendors("sqlite")
def test_to_a_migration_of_an_app(project: Project) -> None:
    grown(project)
    project.manage("migrate_rollback", "--to", "shop", "0002", "--noinput", "--force")
    assert applied(project) == ["0001_initial", "0002_colour"]
    result = project.manage("migrate_rollback", "--to", "shop", "0003", "--noinput", check=False)
    assert result.stderr.strip() == (
        "CommandError: shop 0003 is not applied, so going there is not going back. Run: safemigrate shop 0003"
    )


@pytest.mark.vendors("sqlite")
def test_an_irreversible_migration_needs_force(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_irreversible=IRREVERSIBLE)
    project.manage("safemigrate", "--noinput")
    result = project.manage("migrate_rollback", "--steps", "1", "--noinput", check=False)
    assert result.returncode == 3
    assert "[irreversible_operation]" in result.stdout
    assert "--force goes back past it, and says what stays." in result.stderr
    assert applied(project) == ["0001_initial", "0002_colour", "0003_irreversible"]


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--run", "nothing"],
            "CommandError: There is no run 'nothing' on database 'default'. See: migrate_status --history",
        ),
        (["--steps", "0"], "CommandError: --steps is 0; it must be at least 1."),
        (["--to", "nowhere", "0001"], "CommandError: No installed app with label 'nowhere'."),
    ],
)
def test_wrong_goals_are_named(project: Project, arguments: list[str], text: str) -> None:
    installed(project)
    result = project.manage("migrate_rollback", *arguments, "--noinput", check=False)
    assert result.returncode == 1
    assert result.stderr.strip() == text


@pytest.mark.vendors("sqlite")
def test_nothing_newer_is_nothing_to_do(project: Project) -> None:
    installed(project)
    result = project.manage("migrate_rollback", "--to", "shop", "0001", "--noinput")
    assert "Nothing to roll back" in result.stdout


def test_strategy_restore_takes_the_backup_of_the_run(project: Project) -> None:
    grown(project)
    run = last_run(project)
    strategy = ("--run", run[:8], "--strategy", "restore")
    shown = project.manage("migrate_rollback", *strategy, "--dry-run").stdout
    assert "Nothing was touched." in shown
    assert applied(project) == ["0001_initial", "0002_colour", "0003_size"]
    project.manage("migrate_rollback", *strategy, "--force", "--noinput")
    assert applied(project) == ["0001_initial"]


@pytest.mark.vendors("sqlite")
def test_a_strategy_needs_a_run_that_has_what_it_takes(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.manage("safemigrate", "--noinput", "--backup", "never")
    run = last_run(project)
    for arguments, told in (
        (
            ["--steps", "1", "--strategy", "restore"],
            "--strategy restore goes back to before a run: name it with --run.",
        ),
        (
            ["--run", "ffffff", "--strategy", "restore"],
            "There is no run 'ffffff' on database 'default'. See: migrate_status --history",
        ),
        (["--run", run, "--strategy", "restore"], f"Run {run} has made no backup."),
        (
            ["--run", run, "--strategy", "point-in-time"],
            f"No run has recorded where the log of database 'default' was before {run}.",
        ),
    ):
        result = project.manage("migrate_rollback", *arguments, "--force", "--noinput", check=False)
        assert told in result.stderr
        assert applied(project) == ["0001_initial", "0002_colour"]
