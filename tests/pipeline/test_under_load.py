"""Whole runs beside sessions that are in the way, or that have to wait: what is printed, reported and stored."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.reports import as_json
from tests.projects import Project, migration

SERVERS = pytest.mark.vendors("postgresql", "mariadb")
MODELS = "class Order(models.Model):\n    note = models.CharField(max_length=20, null=True)\n"
CREATE = migration(
    "migrations.CreateModel('Order', [('id', models.BigAutoField(primary_key=True)), ('note', models.CharField(max_length=20, null=True))]),"
)
ADD = migration(
    "migrations.AddField('order', 'total', models.IntegerField(null=True)),",
    dependencies=[("shop", "0001_initial")],
)


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with one applied migration and one pending."""
    project.write_app("shop", models=MODELS, migrations={"0001_initial": CREATE})
    project.settings(
        SAFE_MIGRATE={"BACKUP": {"WHEN": "never"}, "LOCK_TIMEOUT": "1s", "RETRY": {"ATTEMPTS": 2}}
    )
    project.manage("safemigrate", "--noinput")
    project.write_app("shop", models=MODELS, migrations={"0001_initial": CREATE, "0002_total": ADD})
    return project


@contextlib.contextmanager
def in_the_way(project: Project) -> Iterator[BaseDatabaseWrapper]:
    """A session with an open transaction that has read the table."""
    with project.connection() as connection:
        connection.set_autocommit(False)
        connection.inc_thread_sharing()
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM shop_order WHERE note = 'a secret'")
        yield connection
        with contextlib.suppress(Exception):
            connection.rollback()


@SERVERS
def test_who_is_in_the_way_is_named_everywhere(shop: Project) -> None:
    with in_the_way(shop):
        result = shop.manage("safemigrate", "--noinput", "--format", "json", check=False)
    assert result.returncode == 6
    last = [line for line in result.stderr.splitlines() if "CommandError" in line][0]
    assert "shop.0002_total failed in operation 1" in last
    assert "In its way: session " in last
    assert "idle in transaction" in last
    blocked = [line for line in result.stdout.splitlines() if '"event": "blocked"' in line]
    assert blocked
    assert "a secret" not in result.stderr + result.stdout
    report = json.loads(result.stdout.splitlines()[-1])["report"]
    jsonschema.validate(report, as_json.schema())
    [blocker] = report["monitoring"]["blockers"]
    assert blocker["state"] == "idle in transaction"
    assert report["performance"]["retries"] == 1
    stored = shop.sql("SELECT stages FROM django_safe_migrate_migrationrun WHERE status = 'failed'")
    assert "idle in transaction" in str(stored)


@pytest.mark.vendors("postgresql")
def test_a_session_in_the_way_is_ended_where_that_was_asked_for(shop: Project) -> None:
    shop.settings(SAFE_MIGRATE={"BACKUP": {"WHEN": "never"}, "LOCK_TIMEOUT": "2s"})
    with in_the_way(shop):
        result = shop.manage("safemigrate", "--noinput", "--terminate-blockers", "500ms")
    assert ": ended session " in result.stdout
    assert "It ended" in result.stdout
    assert shop.applied_migrations()[-1] == ("shop", "0002_total")


@SERVERS
def test_how_long_others_waited_is_the_headline(shop: Project) -> None:
    """A reader queues behind our request until its timeout strikes."""
    reader = threading.Thread(target=read_once_we_wait, args=[shop])
    with in_the_way(shop):
        reader.start()
        result = shop.manage("safemigrate", "--noinput", check=False)
    reader.join()
    assert "; others waited for it at most " in result.stdout
    assert "Longest wait of others for this run" in result.stdout
    assert "Sessions that waited for this run" in result.stdout


def read_once_we_wait(project: Project) -> None:
    """Read the table as soon as somebody waits for it."""
    postgresql = project.server.vendor == "postgresql"
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted"
        if postgresql
        else "SELECT count(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for %lock'"
    )
    with project.connection() as connection, connection.cursor() as cursor:
        count: Any = 0
        while not count:
            cursor.execute(waiting)
            count = cursor.fetchone()[0]
            time.sleep(0.02)
        cursor.execute("SELECT count(*) FROM shop_order")


def test_a_quiet_run_says_that_nobody_waited(shop: Project) -> None:
    result = shop.manage("safemigrate", "--noinput", "--format", "json")
    report = json.loads(result.stdout.splitlines()[-1])["report"]
    jsonschema.validate(report, as_json.schema())
    seen = report["monitoring"]
    if shop.server.vendor == "sqlite":
        assert (seen["longest_wait_seconds"], seen["stopped"]) == (
            None,
            "SQLite does not tell who holds the lock of its file.",
        )
    else:
        assert (seen["longest_wait_seconds"], seen["stopped"]) == (0.0, "")
    assert seen["blockers"] == seen["ended"] == []


def test_a_wrong_lock_timeout_of_a_migration_stops_the_run(shop: Project) -> None:
    wrong = ADD.replace("    operations", '    safe_migrate_lock_timeout = "soon"\n    operations')
    shop.write_app("shop", models=MODELS, migrations={"0001_initial": CREATE, "0002_total": wrong})
    result = shop.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 1
    assert (
        "shop.0002_total: safe_migrate_lock_timeout is 'soon'; it must be seconds, a duration such as '2s', or None."
        in result.stderr
    )
    assert shop.applied_migrations()[-1] == ("shop", "0001_initial")
