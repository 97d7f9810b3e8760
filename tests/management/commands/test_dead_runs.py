"""A run that is killed after its last migration leaves nothing pending: the next command still closes it."""

from __future__ import annotations

import json
from typing import Any

from tests.projects import Project, migration

NOTE = """
migrations.CreateModel('Note', [('id', models.BigAutoField(primary_key=True))]),
"""
APPS = """
import os
import signal

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def die(**kwargs):
    if os.environ.get("DIE"):
        os.kill(os.getpid(), signal.SIGKILL)


class NotesConfig(AppConfig):
    name = "notes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        post_migrate.connect(die, sender=self)
"""


def status(project: Project) -> Any:
    return json.loads(project.manage("migrate_status", "--format", "json").stdout)


def test_it_is_closed_by_a_run_with_nothing_to_do(project: Project) -> None:
    project.write_app(
        "notes",
        models="class Note(models.Model):\n    pass",
        migrations={"0001_initial": migration(NOTE, initial=True)},
    )
    project.write("notes/apps.py", APPS)
    project.manage("migrate", "django_safe_migrate")
    killed = project.manage("safemigrate", "--noinput", check=False, env={"DIE": "1"})
    assert killed.returncode == -9
    seen = status(project)
    assert seen["pending"] == []
    [dead] = seen["dead_runs"]
    assert dead["next_commands"][0]["command"] == "safemigrate"
    assert dead["next_commands"][0]["purpose"] == "send signals it may not have sent"
    running = "SELECT count(*) FROM django_safe_migrate_migrationrun WHERE status = 'running'"
    assert project.sql(running) == [(1,)]

    project.manage("safemigrate", "--noinput")
    assert project.sql(running) == [(0,)]
    # Nothing is left to do about it.
    seen = status(project)
    assert seen["dead_runs"] == []
    assert [run["status"] for run in seen["runs"]] == ["crashed"]
