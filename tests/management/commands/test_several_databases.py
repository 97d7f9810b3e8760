"""Routers, several databases and swapped models: `safemigrate` leaves what `migrate` leaves."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.management.commands.shop import INITIAL, MODELS, OURS
from tests.projects import Project
from tests.servers import Server

ROUTER = """
class ShopRouter:
    def allow_migrate(self, db, app_label, **hints):
        return (app_label == "shop") == (db == "archive")
"""
USER_MODELS = """
from django.contrib.auth.models import AbstractUser


class Person(AbstractUser):
    pass
"""


def with_two_databases(server: Server, make_project: Callable[..., Project]) -> Project:
    project = make_project(server)
    project.databases["archive"] = server.create_database()
    project.write("config/routers.py", ROUTER)
    project.settings(DATABASE_ROUTERS=["config.routers.ShopRouter"])
    project.write_app("shop", models=MODELS, migrations={"0001_initial": INITIAL})
    return project


@pytest.mark.vendors("sqlite", "postgresql")
def test_each_database_gets_what_its_router_allows(
    vendor_server: Server, make_project: Callable[..., Project]
) -> None:
    ours = with_two_databases(vendor_server, make_project)
    theirs = with_two_databases(vendor_server, make_project)
    for alias in ("default", "archive"):
        ours.manage("safemigrate", "--noinput", "--database", alias)
        theirs.manage("migrate", "--noinput", "--database", alias)
        difference = theirs.snapshot(alias, exclude=[OURS]).difference(
            ours.snapshot(alias, exclude=[OURS])
        )
        assert [line for line in difference if "applied" not in line] == []
    with ours.connection("archive") as connection:
        tables = connection.introspection.table_names()
    assert "shop_order" in tables
    assert "auth_user" not in tables
    # The history of both is where the router sends it.
    runs = ours.sql(
        "SELECT database, status FROM django_safe_migrate_migrationrun ORDER BY started_at"
    )
    assert runs == [("default", "succeeded"), ("archive", "succeeded")]


@pytest.mark.vendors("sqlite")
def test_the_run_of_another_database_is_undone_there(
    vendor_server: Server, make_project: Callable[..., Project]
) -> None:
    project = with_two_databases(vendor_server, make_project)
    project.manage("safemigrate", "--noinput")
    project.manage("safemigrate", "--noinput", "--database", "archive")
    listed = project.manage(
        "migrate_status", "--history", "--database", "archive", "--format", "json"
    )
    run = json.loads(listed.stdout)["runs"][0]["id"]
    wrong = project.manage("migrate_rollback", "--run", run, "--force", check=False)
    assert wrong.stderr.startswith(f"CommandError: There is no run '{run}' on database 'default'.")
    project.manage("migrate_rollback", "--run", run, "--force", "--database", "archive")
    assert project.applied_migrations("archive") == []
    assert ("auth", "0001_initial") in project.applied_migrations()


@pytest.mark.vendors("sqlite")
def test_a_swapped_user_model(vendor_server: Server, make_project: Callable[..., Project]) -> None:
    projects = []
    for command in ("safemigrate", "migrate"):
        project = make_project(vendor_server)
        project.settings(AUTH_USER_MODEL="people.Person")
        project.write_app("people", models=USER_MODELS, migrations={})
        project.manage("makemigrations", "people")
        project.manage(command, "--noinput")
        projects.append(project)
    ours, theirs = (project.snapshot(exclude=[OURS]) for project in projects)
    assert [line for line in theirs.difference(ours) if "applied" not in line] == []
    with projects[0].connection() as connection:
        assert "auth_user" not in connection.introspection.table_names()


@pytest.mark.vendors("sqlite")
def test_apps_without_migrations_are_synchronised(
    vendor_server: Server, make_project: Callable[..., Project]
) -> None:
    project = make_project(vendor_server)
    project.write("plain/__init__.py", "")
    project.write("plain/models.py", MODELS)
    project.add_app("plain")
    project.manage("safemigrate", "--noinput", "--run-syncdb")
    with project.connection() as connection:
        assert "plain_order" in connection.introspection.table_names()
