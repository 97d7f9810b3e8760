"""What the commands make of a database that a failed run has left behind."""

from __future__ import annotations

import json

import pytest

from tests.management.commands.shop import ADD_COLOUR, FAILING, installed
from tests.projects import Project

RECEIVER = """
from django.apps import AppConfig
from django.db.models.signals import post_migrate


def fail(**kwargs):
    raise RuntimeError("the search index is gone")


class ShopConfig(AppConfig):
    name = "shop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        post_migrate.connect(fail, sender=self)
"""


def applied(project: Project) -> list[str]:
    return [name for app, name in project.applied_migrations() if app == "shop"]


def failed_run(project: Project) -> str:
    project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    listed = project.manage("migrate_status", "--history", "--format", "json")
    return str(json.loads(listed.stdout)["runs"][0]["id"])


@pytest.mark.vendors("mariadb")
def test_no_rollback_goes_around_what_is_half_done(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_failing=FAILING)
    run = failed_run(project)
    before = project.snapshot(exclude=["django_safe_migrate_*"])
    result = project.manage("migrate_rollback", "--run", run, "--noinput", check=False)
    assert result.returncode == 3
    assert "[half_done_migration]" in result.stdout
    assert before.difference(project.snapshot(exclude=["django_safe_migrate_*"])) == []
    assert applied(project) == ["0001_initial", "0002_colour"]


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_rollback_undoes_the_finished_part_of_a_failed_run(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_failing=FAILING)
    run = failed_run(project)
    project.manage("migrate_rollback", "--run", run, "--force", "--noinput")
    assert applied(project) == ["0001_initial"]


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("policy", "left"), [("stop", ["0001_initial", "0002_colour"]), ("rollback", ["0001_initial"])]
)
def test_a_receiver_that_raises_is_explained(
    project: Project, policy: str, left: list[str]
) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.write("shop/apps.py", RECEIVER)
    result = project.manage(
        "safemigrate", "--noinput", "--backup", "never", "--on-failure", policy, check=False
    )
    assert result.returncode == 7
    lines = result.stderr.strip().splitlines()
    assert lines[0] == (
        "CommandError: A receiver of post_migrate, or the creation of tables of apps without migrations, failed: "
        "RuntimeError: the search index is gone"
    )
    assert "Traceback" not in result.stderr
    assert applied(project) == left
