"""What is carried on and the rest of the plan are one command: with one backup, and one answer to a failure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.projects import Project, migration
from tests.repair.half_done_shop import applied, install, kill_at, schema
from tests.repair.test_resuming import STOPS, runs

pytestmark = [pytest.mark.slow, pytest.mark.vendors("mariadb")]

RUN = ("safemigrate", "--noinput")
LAST = "migrations.AddField('order', 'last', models.IntegerField(null=True)),"
FAILING = LAST + "migrations.RunPython(fail, migrations.RunPython.noop),"
FAIL = "def fail(apps, schema_editor):\n    raise ValueError('made to fail')\n"
#: As ``STOPS``, and the second code fails when it is asked to; the file is the same before and after.
FAILING_LATER = STOPS.replace("stop_at('second')", "fail_if_asked")


def half_done(project: Project, last: str = LAST, stops: str = STOPS) -> None:
    install(project, stops)
    source = migration(last, dependencies=[("shop", "0002_parcels")], before=FAIL)
    project.write_app("shop", migrations={"0003_last": source})
    kill_at(project, "first")


def backups(project: Project) -> list[dict[str, Any]]:
    return list(
        json.loads(project.manage("migrate_backup", "list", "--format", "json").stdout)["backups"]
    )


def test_one_backup_is_made(project: Project) -> None:
    half_done(project)
    project.manage(*RUN)
    assert applied(project) == ["0001_initial", "0002_parcels", "0003_last"]
    (backup,) = backups(project)
    rows = project.sql(
        "SELECT r.kind, b.name FROM django_safe_migrate_migrationrun r "
        "JOIN django_safe_migrate_backup b ON b.id = r.backup_id ORDER BY r.started_at"
    )
    assert rows == [("repair", backup["name"]), ("migrate", backup["name"])]


def test_a_failure_of_the_rest_takes_everything_back(project: Project) -> None:
    half_done(project, FAILING)
    failed = project.manage(*RUN, "--backup", "never", "--on-failure", "rollback", check=False)
    assert failed.returncode == 7
    assert "exactly the migrations applied before this run are applied" in failed.stderr
    assert applied(project) == ["0001_initial"]
    assert not {"colour", "size", "last"} & set(schema(project).tables["shop_order"].columns)
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"


def test_a_failure_of_what_is_carried_on_is_rolled_back_too(project: Project) -> None:
    half_done(project, stops=FAILING_LATER)
    (project.folder / "fail").touch()
    failed = project.manage(*RUN, "--backup", "never", "--on-failure", "rollback", check=False)
    assert failed.returncode == 7, failed.stdout + failed.stderr
    assert "The database was rolled back" in failed.stderr
    assert applied(project) == ["0001_initial"]
    assert not {"colour", "size"} & set(schema(project).tables["shop_order"].columns)
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"


def test_a_restore_brings_back_what_was_half_done_and_it_is_known(project: Project) -> None:
    half_done(project, FAILING)
    failed = project.manage(*RUN, "--on-failure", "restore", check=False)
    assert failed.returncode == 7
    assert "The database was restored from " in failed.stderr
    assert len(backups(project)) == 1
    assert applied(project) == ["0001_initial"]
    columns = set(schema(project).tables["shop_order"].columns)
    assert "colour" in columns
    assert not {"size", "last"} & columns
    shown = json.loads(project.manage("migrate_status", "--format", "json").stdout)
    (half,) = shown["half_done"]
    assert half["migration"] == "shop.0002_parcels"
    mended = migration(LAST, dependencies=[("shop", "0002_parcels")])
    project.write("shop/migrations/0003_last.py", mended)
    project.manage(*RUN, "--backup", "never")
    assert applied(project) == ["0001_initial", "0002_parcels", "0003_last"]
    assert runs(project)[0]["status"] == "succeeded"
