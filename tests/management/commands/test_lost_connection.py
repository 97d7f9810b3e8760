"""A server that goes away in the middle of a run: one clear error, and a state that is known."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.management.commands.shop import ADD_COLOUR, installed
from tests.projects import Project, migration
from tests.servers import Server

WAITING = migration(
    """
    migrations.AddField("order", "size", models.IntegerField(null=True)),
    migrations.RunPython(wait, migrations.RunPython.noop),
    """,
    dependencies=[("shop", "0002_colour")],
    before="""
import pathlib

def wait(apps, schema_editor):
    pathlib.Path("waiting").touch()
    sleep = "pg_sleep" if schema_editor.connection.vendor == "postgresql" else "sleep"
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"SELECT {sleep}(60)")
""",
)


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_server_that_is_killed(
    vendor_server: Server,
    make_server: Callable[..., Server],
    make_project: Callable[..., Project],
) -> None:
    server = make_server(vendor_server.name, durable=True)
    project = installed(make_project(server), m0002_colour=ADD_COLOUR, m0003_waiting=WAITING)
    process = project.popen("safemigrate", "--noinput", "--backup", "never")
    deadline = time.monotonic() + 60
    while not (project.folder / "waiting").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    server.kill()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 7, output
    assert (
        "CommandError: Applying shop.0003_waiting failed in operation 2 (Raw Python operation): "
        in output
    )
    assert "1 of 2 planned migrations are applied (shop.0002_colour)." in output
    assert "Traceback" not in output
    assert server.password not in output
    server.start()
    status = project.manage("migrate_status", "--check", check=False)
    assert status.returncode == 1
    names = [name for app, name in project.applied_migrations() if app == "shop"]
    assert names == ["0001_initial", "0002_colour"]
    # The record of the run was in the journal, and is brought into the history by the next run.
    project.write("shop/migrations/0003_waiting.py", WAITING.replace("(60)", "(0)"))
    project.manage("safemigrate", "--noinput", "--backup", "never")
    runs = project.sql(
        "SELECT kind, status FROM django_safe_migrate_migrationrun ORDER BY started_at"
    )
    # Where nothing rolls a schema change back, the next run carries on what the first has left.
    kind = "migrate" if vendor_server.name == "postgresql" else "repair"
    assert runs[-2:] == [("migrate", "failed"), (kind, "succeeded")]
