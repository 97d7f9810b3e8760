from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.management.commands.shop import (
    ADD_COLOUR,
    ADD_SIZE,
    DROP_NOTE,
    FAILING,
    INITIAL,
    MODELS,
    OURS,
    installed,
)
from tests.projects import Project, migration
from tests.servers import Server

SLEEPING = migration(
    "migrations.RunPython(sleep, migrations.RunPython.noop),",
    dependencies=[("shop", "0002_colour")],
    before="""
import pathlib
import time

def sleep(apps, schema_editor):
    pathlib.Path("sleeping").touch()
    time.sleep(60)
""",
)


def applied(project: Project) -> list[str]:
    return [name for app, name in project.applied_migrations() if app == "shop"]


def wait_for(project: Project, name: str) -> None:
    deadline = time.monotonic() + 60
    while not (project.folder / name).exists():
        assert time.monotonic() < deadline, f"{name} did not appear"
        time.sleep(0.05)


# --- the same as migrate --------------------------------------------------------------------------------------------


def test_from_empty_it_gives_the_same_database_as_migrate(
    vendor_server: Server, make_project: Callable[..., Project]
) -> None:
    ours, theirs = make_project(vendor_server), make_project(vendor_server)
    ours.manage("safemigrate", "--noinput")
    theirs.manage("migrate", "--noinput")
    difference = theirs.snapshot(exclude=[OURS]).difference(ours.snapshot(exclude=[OURS]))
    assert [line for line in difference if "applied" not in line] == []
    assert ours.sql("SELECT count(*) FROM auth_permission")[0][0] > 0


def test_without_pending_migrations_nothing_is_written(project: Project) -> None:
    installed(project)
    before = project.snapshot()
    result = project.manage("safemigrate", "--noinput")
    assert before.difference(project.snapshot()) == []
    assert "No migrations to apply." in result.stdout
    assert not (project.folder / "backups").exists()


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nowhere"], "CommandError: No installed app with label 'nowhere'."),
        (
            ["shop", "00"],
            "CommandError: More than one migration matches '00' in app 'shop'. Please be more specific.",
        ),
        (
            ["shop", "0099"],
            "CommandError: Cannot find a migration matching '0099' from app 'shop'.",
        ),
        (["messages"], "CommandError: App 'messages' does not have migrations."),
        (
            ["shop", "--run-syncdb"],
            "CommandError: Can't use run_syncdb with app 'shop' as it has migrations.",
        ),
    ],
)
def test_wrong_arguments_end_as_with_migrate(
    project: Project, arguments: list[str], text: str
) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    ours = project.manage("safemigrate", *arguments, check=False)
    theirs = project.manage("migrate", *arguments, check=False)
    assert ours.stderr.strip() == text == theirs.stderr.strip()
    assert ours.returncode == theirs.returncode == 1
    assert applied(project) == ["0001_initial"]


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("flag", ["--plan", "--check"])
def test_plan_and_check_are_djangos_own(project: Project, flag: str) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    ours = project.manage("safemigrate", flag, check=False)
    theirs = project.manage("migrate", flag, check=False)
    assert (ours.stdout, ours.returncode) == (theirs.stdout, theirs.returncode)


@pytest.mark.vendors("sqlite")
def test_conflicting_leaf_nodes_end_as_with_migrate(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0002_note=DROP_NOTE)
    result = project.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(
        "CommandError: Conflicting migrations detected; multiple leaf nodes in the migration graph: "
        "(0002_colour, 0002_note in shop)."
    )


def test_fake_backwards_and_zero(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.manage("safemigrate", "shop", "--fake", "--noinput")
    assert applied(project) == ["0001_initial", "0002_colour"]
    project.manage("safemigrate", "shop", "0001", "--fake", "--noinput")
    project.manage("safemigrate", "shop", "--noinput")
    project.manage("safemigrate", "shop", "zero", "--noinput", "--allow", "reverse_loses_data")
    assert applied(project) == []
    with project.connection() as connection:
        assert "shop_order" not in connection.introspection.table_names()


@pytest.mark.vendors("sqlite")
def test_prune_forgets_migrations_whose_file_is_gone(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.manage("safemigrate", "--noinput")
    (project.folder / "shop" / "migrations" / "0002_colour.py").unlink()
    result = project.manage("safemigrate", "shop", "--prune")
    assert "Pruning shop.0002_colour" in result.stdout
    assert applied(project) == ["0001_initial"]


# --- findings -------------------------------------------------------------------------------------------------------


def test_a_destructive_plan_stops_before_anything_is_touched(project: Project) -> None:
    installed(project, m0002_note=DROP_NOTE)
    before = project.snapshot(exclude=[OURS])
    result = project.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 3
    assert "[drop_column]" in result.stdout
    assert "--allow drop_column" in result.stderr
    assert "The database was not changed." in result.stderr
    assert before.difference(project.snapshot(exclude=[OURS])) == []


def test_an_allowed_plan_is_backed_up_carried_out_verified_and_reported(project: Project) -> None:
    installed(project, m0002_note=DROP_NOTE)
    result = project.manage(
        "safemigrate",
        "--noinput",
        "--allow",
        "drop_column",
        "--format",
        "json",
        "--report",
        "report.md",
    )
    report = json.loads(result.stdout.splitlines()[-1])["report"]
    assert report["run"]["outcome"] == "success"
    assert [one["name"] for one in report["stages"]] == ["preflight", "backup", "execute", "verify"]
    assert {one["status"] for one in report["stages"]} == {"passed"}
    assert report["backup"]["verified_at"]
    assert applied(project) == ["0001_initial", "0002_note"]
    markdown = (project.folder / "report.md").read_text()
    for heading in (
        "Summary",
        "Executed Migrations",
        "Performance Impact",
        "Issues Encountered",
        "Rollback Plan",
    ):
        assert f"## {heading}\n" in markdown
    assert project.sql(
        "SELECT status, exit_code FROM django_safe_migrate_migrationrun ORDER BY started_at DESC"
    )[0] == ("succeeded", 0)


@pytest.mark.vendors("sqlite")
def test_an_unknown_rule_is_named(project: Project) -> None:
    installed(project, m0002_note=DROP_NOTE)
    result = project.manage("safemigrate", "--noinput", "--allow", "drop_colum", check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(
        "CommandError: --allow drop_colum: there is no such rule. Did you mean 'drop_column'? Rules: "
    )
    assert applied(project) == ["0001_initial"]


def test_a_dry_run_touches_nothing(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_size=ADD_SIZE)
    before = project.snapshot()
    journals = sorted((project.folder / ".safe_migrate").rglob("*"))
    result = project.manage("safemigrate", "--dry-run", "--format", "json")
    preview = json.loads(result.stdout)
    assert [step["label"] for step in preview["steps"]] == ["shop.0002_colour", "shop.0003_size"]
    assert preview["steps"][0]["operations"][0]["confidence"] == "exact"
    assert "ALTER TABLE" in preview["steps"][0]["operations"][0]["statements"][0]
    assert preview["steps"][0]["way_back"] == "lossy"
    forecast = preview["steps"][0]["forecast"]
    assert forecast["migration"] == "shop.0002_colour"
    assert forecast["previous_release"]["survives"] is True
    assert forecast["going_back"]["losses"] == [
        "column colour of shop_order is dropped with its values"
    ]
    assert before.difference(project.snapshot()) == []
    assert sorted((project.folder / ".safe_migrate").rglob("*")) == journals


@pytest.mark.vendors("sqlite")
def test_a_dry_run_foretells_what_a_report_keeps(project: Project) -> None:
    installed(project, m0002_note=DROP_NOTE)
    shown = project.manage("safemigrate", "--dry-run").stdout
    forecast = [
        "Destroys column note of shop_order (1 row with a value).",
        "Previous release: breaks (drop_column).",
        "Going back: column note of shop_order comes back without its values; "
        "RESERVED on the whole database blocks writes for an instant.",
    ]
    assert "\n".join(f"    {line}" for line in forecast) in shown
    assert "Way back:" not in shown
    assert "Longest block: reads and writes of the whole database for under a second" in shown
    markdown = project.manage("safemigrate", "--dry-run", "--format", "markdown").stdout
    assert "\n".join(f"* {line}" for line in forecast) in markdown
    faked = project.manage("safemigrate", "shop", "--fake", "--dry-run").stdout
    assert "Way back: possible, with loss." in faked
    assert "Destroys" not in faked

    project.manage("safemigrate", "--noinput", "--allow", "drop_column", "--report", "report.json")
    report = json.loads((project.folder / "report.json").read_text())
    assert report["migrations"][0]["forecast"][1:] == forecast
    detail = report["stages"][0]["detail"]["forecasts"]["shop.0002_note"]
    assert detail["destroys"][0]["column"] == "note"
    back = project.manage("migrate_rollback", "--steps", "1", "--dry-run").stdout
    assert "Locks the whole database: " in back
    assert "Going back here loses nothing." in back


@pytest.mark.vendors("sqlite")
def test_confirm_and_noinput_contradict(project: Project) -> None:
    result = project.manage("safemigrate", "--confirm", "--noinput", check=False)
    assert result.returncode == 1
    assert result.stderr.strip() == (
        "CommandError: --confirm asks a question and --noinput forbids it: use one of them."
    )


@pytest.mark.vendors("sqlite")
def test_a_report_that_cannot_be_written_is_known_before(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    result = project.manage(
        "safemigrate", "--noinput", "--report", "no/such/folder/r.md", check=False
    )
    assert result.returncode == 1
    assert "--report no/such/folder/r.md: cannot be written" in result.stderr
    assert applied(project) == ["0001_initial"]


# --- failures -------------------------------------------------------------------------------------------------------


def test_a_failed_migration_says_what_happened_and_what_is_applied(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_failing=FAILING)
    result = project.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 7
    lines = result.stderr.strip().splitlines()
    assert lines[0] == (
        "CommandError: Applying shop.0003_failing failed in operation 2 (Raw Python operation): "
        "ValueError: the data are not as expected"
    )
    assert lines[1].startswith(
        "The database was changed: 1 of 2 planned migrations are applied (shop.0002_colour)."
    )
    assert lines[2].startswith("Next: python manage.py ")
    assert "Traceback" not in result.stderr
    assert applied(project) == ["0001_initial", "0002_colour"]


def test_on_failure_rollback_returns_to_the_migrations_from_before(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_failing=FAILING)
    before = project.snapshot(exclude=[OURS, "django_migrations"])
    result = project.manage("safemigrate", "--noinput", "--on-failure", "rollback", check=False)
    assert result.returncode == 7
    assert (
        "The database was rolled back: exactly the migrations applied before this run are applied."
        in result.stderr
    )
    assert applied(project) == ["0001_initial"]
    assert before.difference(project.snapshot(exclude=[OURS, "django_migrations"])) == []
    kinds = project.sql(
        "SELECT kind, status FROM django_safe_migrate_migrationrun ORDER BY started_at"
    )
    assert kinds[-2:] == [("migrate", "failed"), ("rollback", "succeeded")]


def test_on_failure_restore_brings_back_the_rows(project: Project) -> None:
    installed(project, m0002_note=DROP_NOTE)
    project.write(
        "shop/migrations/0003_failing.py",
        FAILING.replace("0002_colour", "0002_note"),
    )
    before = project.snapshot(exclude=[OURS])
    result = project.manage(
        "safemigrate", "--noinput", "--allow", "drop_column", "--on-failure", "restore", check=False
    )
    assert result.returncode == 7
    assert "The database was restored from " in result.stderr
    assert before.difference(project.snapshot(exclude=[OURS])) == []
    assert project.sql(
        "SELECT status FROM django_safe_migrate_migrationrun WHERE kind = 'migrate' ORDER BY started_at DESC"
    )[0] == ("failed",)


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_database_that_is_down_is_told_without_a_traceback(
    make_server: Callable[..., Server], make_project: Callable[..., Project], vendor_server: Server
) -> None:
    server = make_server(vendor_server.name)
    project = make_project(server)
    server.stop()
    result = project.manage("safemigrate", "--noinput", "--skip-checks", check=False)
    server.start()
    assert result.returncode == 1
    assert "cannot be reached" in result.stderr
    assert "The database was not changed." in result.stderr
    assert "Traceback" not in result.stderr
    assert server.password not in result.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.vendors("sqlite", "postgresql")
def test_a_signal_ends_the_run_cleanly(project: Project, number: signal.Signals, code: int) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_sleeping=SLEEPING)
    process = project.popen("safemigrate", "--noinput", "--backup", "never")
    wait_for(project, "sleeping")
    os.kill(process.pid, number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    assert f"The run was stopped by {number.name}." in output
    assert "1 of 2 planned migrations are done (shop.0002_colour)" in output
    assert applied(project) == ["0001_initial", "0002_colour"]
    assert project.sql(
        "SELECT status, exit_code FROM django_safe_migrate_migrationrun ORDER BY started_at DESC"
    )[0] == ("interrupted", code)


# --- one at a time --------------------------------------------------------------------------------------------------


def test_a_second_run_leaves_with_its_own_exit_code(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_sleeping=SLEEPING)
    first = project.popen("safemigrate", "--noinput", "--backup", "never")
    try:
        wait_for(project, "sleeping")
        second = project.manage("safemigrate", "--noinput", "--wait", "0", check=False)
    finally:
        first.kill()
        first.communicate()
    assert second.returncode == 6
    assert second.stderr.startswith("CommandError: Another run holds database 'default': ")
    assert "The database was not changed." in second.stderr
    # The lock does not outlive its owner.
    result = project.manage("safemigrate", "shop", "0002", "--noinput", "--wait", "20", check=False)
    assert result.returncode == 0, result.stderr


def test_the_first_run_ever_is_recorded(
    vendor_server: Server, make_project: Callable[..., Project]
) -> None:
    project = make_project(vendor_server)
    project.write_app("shop", models=MODELS, migrations={"0001_initial": INITIAL})
    project.manage("safemigrate", "--noinput")
    runs: list[Any] = project.sql("SELECT status FROM django_safe_migrate_migrationrun")
    assert runs == [("succeeded",)]
    assert project.sql(
        "SELECT count(*) FROM django_safe_migrate_migrationstep WHERE app_label = 'shop'"
    ) == [(1,)]
