"""The health checks that a project puts into its own view, on real databases in the states that they are for."""

from __future__ import annotations

import json
from typing import Any

from tests.projects import Project, migration

NOTE = """
migrations.CreateModel('Note', [('id', models.BigAutoField(primary_key=True)), ('text', models.TextField(null=True))]),
"""
FAILING = """
migrations.RunPython(fail),
"""
FAIL = """
def fail(apps, schema_editor):
    raise ValueError("not today")
"""
MODELS = "class Note(models.Model):\n    text = models.TextField(null=True)"
#: Prints what each check says, as a line of JSON, and whether a connection stayed open.
LOOK = """
import json
from django.db import connections
from django_safe_migrate import health

def said(check):
    connections["default"].close()
    try:
        check.run()
    except Exception as error:
        return f"{type(error).__name__}: {getattr(error, 'message', error)}"
    finally:
        assert connections["default"].connection is None, "its connection stayed open"
    return "OK"

print(json.dumps({
    "pending": said(health.PendingMigrations()),
    "half done": said(health.HalfDoneMigrations()),
    "last run": said(health.LastRun()),
    "stuck": said(health.StuckRun(longer_than="1min")),
    "verified": said(health.ProvenBackup(restored=False)),
    "proven": said(health.ProvenBackup()),
    "old": said(health.ProvenBackup(older_than=0, restored=False)),
    "drift": said(health.SchemaDrift()),
}))
"""
#: What django-health-check's own view answers for one of them.
VIEW = """
import json
from django.test import RequestFactory
from health_check.views import HealthCheckView
import asyncio, inspect

view = HealthCheckView.as_view(checks=["django_safe_migrate.health.PendingMigrations"])
answer = view(RequestFactory().get("/health/", {"format": "json"}))
if inspect.isawaitable(answer):
    answer = asyncio.run(answer)
print(json.dumps([answer.status_code, answer.content.decode()]))
"""


def looked(project: Project, code: str = LOOK) -> Any:
    return json.loads(project.manage("shell", "-c", code).stdout.splitlines()[-1])


def install(project: Project) -> Project:
    project.write_app(
        "notes", models=MODELS, migrations={"0001_initial": migration(NOTE, initial=True)}
    )
    return project


def test_from_the_first_migration_to_a_failed_one(project: Project) -> None:
    install(project)
    said = looked(project)
    assert said["pending"].startswith("ServiceUnavailable: ")
    assert " migrations are pending: " in said["pending"]
    assert said["verified"] == "ServiceUnavailable: No backup of database 'default' was verified"
    status, text = looked(project, VIEW)
    assert status == 500
    assert "migrations are pending" in text

    project.manage("safemigrate", "--noinput")
    project.manage("migrate_backup", "create")
    said = looked(project)
    assert said.pop("old").startswith("ServiceWarning: The last backup of database 'default' that")
    assert said.pop("proven") == (
        "ServiceUnavailable: No backup of database 'default' was proven by restoring it"
    )
    assert set(said.values()) == {"OK"}
    assert looked(project, VIEW)[0] == 200

    project.manage("migrate_backup", "verify", "latest", "--restore")
    project.sql("ALTER TABLE notes_note ADD COLUMN extra integer")
    project.write_app(
        "notes",
        migrations={
            "0002_fail": migration(FAILING, before=FAIL, dependencies=[("notes", "0001_initial")])
        },
    )
    project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    said = looked(project)
    assert said["proven"] == "OK"
    assert said["pending"] == "ServiceUnavailable: 1 migration is pending: notes.0002_fail"
    assert said["last run"].startswith("ServiceUnavailable: The last run (migrate, 20")
    assert said["last run"].endswith(" UTC) was a failure; see migrate_status")
    assert said["drift"] == (
        "ServiceWarning: 1 table is not as the migrations made it: notes_note; see migrate_repair --schema"
    )
