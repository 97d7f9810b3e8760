"""A signal in the middle of COMMIT: what is told of the migration is what the database has."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.management.commands.shop import ADD_COLOUR, installed
from tests.management.commands.test_safemigrate_signals import end, wait_for
from tests.projects import Project, migration
from tests.servers import PostgreSQLServer

pytestmark = pytest.mark.slow

#: Only this transaction waits for a standby that nobody is.
WAITING = """
migrations.RunSQL('SET LOCAL synchronous_commit = remote_apply'),
migrations.AddField('order', 'wide', models.IntegerField(null=True)),
"""
BACKWARDS = """
migrations.RunSQL(migrations.RunSQL.noop, 'SET LOCAL synchronous_commit = remote_apply'),
migrations.AddField('order', 'wide', models.IntegerField(null=True)),
migrations.RunSQL(migrations.RunSQL.noop, 'SET LOCAL synchronous_commit = remote_apply'),
"""
IS_COMMITTING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"


@pytest.fixture
def server(make_server: Callable[..., Any]) -> PostgreSQLServer:
    """A server that waits at COMMIT, where a transaction asks for it, for a standby that nobody is."""
    config = ["synchronous_commit = local", "synchronous_standby_names = 'nobody'"]
    made: PostgreSQLServer = make_server("postgresql", config=config)
    return made


def test_a_commit_that_took_effect_is_told_as_applied(
    server: PostgreSQLServer, make_project: Callable[..., Project]
) -> None:
    project = make_project(server)
    source = migration(WAITING, dependencies=[("shop", "0002_colour")])
    installed(project, m0002_colour=ADD_COLOUR, m0003_wide=source)
    process = project.popen("safemigrate", "--noinput", "--backup", "never")
    wait_for(lambda: project.sql(IS_COMMITTING) == [(1,)], process)
    output = end(process, signal.SIGTERM)
    assert (
        "The database was changed: 2 of 2 planned migrations are done (shop.0002_colour, shop.0003_wide)."
        in output
    )
    assert ("shop", "0003_wide") in project.applied_migrations()
    statuses = project.sql(
        "SELECT name, status FROM django_safe_migrate_migrationstep WHERE name LIKE '000%_wide'"
    )
    assert statuses == [("0003_wide", "applied")]
    shown = json.loads(project.manage("migrate_status", "--format", "json").stdout)
    assert shown["half_done"] == []

    back = BACKWARDS
    project.write(
        "shop/migrations/0003_wide.py", migration(back, dependencies=[("shop", "0002_colour")])
    )
    process = project.popen(
        "safemigrate", "shop", "0002", "--noinput", "--backup", "never", "--force"
    )
    wait_for(lambda: project.sql(IS_COMMITTING) == [(1,)], process)
    output = end(process, signal.SIGTERM)
    assert "1 of 1 planned migrations are done (shop.0003_wide)." in output
    assert ("shop", "0003_wide") not in project.applied_migrations()
