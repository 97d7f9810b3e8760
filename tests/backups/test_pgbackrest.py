"""The real pgBackRest, on a real server, and second servers on what it restores."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate.backups import get_backend, pgbackrest_restore
from django_safe_migrate.backups.pgbackrest import PgBackRestBackend
from django_safe_migrate.databases import get_database
from django_safe_migrate.exceptions import BackupFailed
from tests.conftest import start_or_skip
from tests.projects import Project, migration
from tests.servers.base import open_connection
from tests.servers.pgbackrest import ArchivedServer, RestoredServer, configuration_of

pytestmark = pytest.mark.postgresql

MODELS = "class Item(models.Model):\n    name = models.CharField(max_length=20)\n"
FIRST = migration(
    "migrations.CreateModel('Item', [('id', models.BigAutoField(primary_key=True)), ('name', models.CharField(max_length=20))]),"
)
INSERT = "INSERT INTO shop_item (name) VALUES ('of the second')"
SECOND = migration(
    f"migrations.RunSQL({INSERT!r}, migrations.RunSQL.noop),",
    dependencies=[("shop", "0001_initial")],
)
THIRD = migration(
    "migrations.RunSQL('DELETE FROM shop_item', migrations.RunSQL.noop),",
    dependencies=[("shop", "0002_insert")],
)
APPLIED = "SELECT name FROM django_migrations WHERE app = 'shop' ORDER BY name"


@dataclasses.dataclass
class Scene:
    """A project after a run of two migrations, and what came later; `report` is of that run."""

    server: ArchivedServer
    project: Project
    report: dict[str, Any]

    def backend(self) -> PgBackRestBackend:
        return PgBackRestBackend(**configuration_of(self.server)["OPTIONS"])

    def give_commands(self, *arguments: str) -> Any:
        return self.project.manage("migrate_backup", "restore", *arguments, check=False)

    def rows(self, server: Any, sql: str = "SELECT name FROM shop_item ORDER BY name") -> list[str]:
        name = self.project.databases["default"]["NAME"]
        return [value for (value,) in server.query(sql, None, name)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    server = start_or_skip(ArchivedServer)
    server.start()
    # As its timer makes it, in the machine's time zone; the project has another one, in which it is earlier.
    server.pgbackrest("--type=full", "backup")
    project = Project(tmp_path_factory.mktemp("shop") / "project", server)
    project.settings(SAFE_MIGRATE={"BACKUP": configuration_of(server)}, TIME_ZONE="Etc/GMT+12")
    migrations = {"0001_initial": FIRST}
    project.write_app("shop", models=MODELS, migrations=migrations)
    project.manage("safemigrate", "--noinput", "--backup", "never")
    project.sql("INSERT INTO shop_item (name) VALUES ('before all')")
    migrations |= {"0002_insert": SECOND, "0003_delete": THIRD}
    project.write_app("shop", models=MODELS, migrations=migrations)
    result = project.manage(
        "safemigrate", "--noinput", "--allow", "run_sql_destructive", "--format", "json"
    )
    project.sql("INSERT INTO shop_item (name) VALUES ('later')")
    yield Scene(server, project, json.loads(result.stdout.splitlines()[-1])["report"])
    project.remove()
    server.remove()


@pytest.fixture
def restored():
    """Stop the servers that a test has restored."""
    servers: list[RestoredServer] = []
    yield servers
    for server in servers:
        server.remove()


def test_a_run_makes_and_verifies_an_incremental_backup(scene):
    newest, by_hand = scene.backend().list("default")
    assert newest.name == scene.report["backup"]["name"]
    assert newest.name.startswith(f"{by_hand.name}_")
    # In the machine's time zone, not in the project's: a full backup with an earlier name than the last would be refused.
    assert newest.name.removeprefix(f"{by_hand.name}_") > by_hand.name
    assert newest.run_id == scene.report["run"]["id"]
    assert (newest.log_position["type"], by_hand.log_position["type"]) == ("incr", "full")
    assert newest.is_verified
    assert not by_hand.is_verified
    listed = scene.project.manage("migrate_backup", "list").stdout
    assert newest.name in listed


def test_every_commit_has_its_restore_point(scene):
    found = scene.report["point_in_time"]
    assert found["possible"] is True
    prefix = f"safe_migrate_{scene.report['run']['id'].replace('-', '')[:12]}"
    assert [(one["migration"], one["name"]) for one in found["positions"]] == [
        ("", f"{prefix}_before"),
        ("shop.0002_insert", f"{prefix}_after_1"),
        ("shop.0003_delete", f"{prefix}_after_2"),
    ]
    history = json.loads(
        scene.project.manage("migrate_status", "--history", "--format", "json").stdout
    )
    assert history["runs"][0]["point_in_time"] == found
    assert f"{prefix}_after_2" in scene.project.manage("migrate_status", "--history").stdout


def test_back_to_the_point_before_a_migration(scene, restored):
    scene.server.query("SELECT pg_switch_wal()")
    told = scene.give_commands("latest", "--before", "shop.0003_delete")
    assert told.returncode == 4
    assert "was not restored: the commands above do it." in told.stderr
    assert scene.rows(scene.server) == ["later"]
    copy = scene.server.restored(told.stdout.splitlines())
    restored.append(copy)
    assert scene.rows(copy) == ["before all", "of the second"]
    assert scene.rows(copy, APPLIED) == ["0001_initial", "0002_insert"]
    copy.query("SELECT pg_wal_replay_resume()")
    while copy.query("SELECT pg_is_in_recovery()") == [(True,)]:
        time.sleep(0.05)
    assert scene.rows(copy, INSERT + " RETURNING name") == ["of the second"]


def test_back_to_a_position_without_a_restore_point(scene, restored):
    scene.server.query("SELECT pg_switch_wal()")
    backend = scene.backend()
    newest = backend.list("default")[0]
    position = {**scene.report["point_in_time"]["positions"][0], "name": ""}
    with open_connection(scene.project.databases["default"]) as connection:
        commands = backend.by_hand(newest.name, get_database(connection), position)
    copy = scene.server.restored(commands)
    restored.append(copy)
    assert scene.rows(copy) == ["before all"]
    assert scene.rows(copy, APPLIED) == ["0001_initial"]


def test_a_backup_from_after_the_point_is_refused(scene):
    by_hand = scene.backend().list("default")[-1]
    early = {"at": by_hand.log_position["from"], "timeline": 1}
    assert not pgbackrest_restore.precedes(by_hand, early)
    result = scene.give_commands("latest", "--before", "shop.0009_none")
    assert "No run has recorded where the log of database 'default' was before shop.0009_none." in (
        result.stderr
    )


def test_the_rollback_of_a_run_gives_the_same_commands(scene):
    run = ("--run", scene.report["run"]["id"])
    told = scene.project.manage(
        "migrate_rollback", *run, "--strategy", "point-in-time", "--noinput", check=False
    )
    assert told.returncode == 4
    assert f"--target={scene.report['point_in_time']['positions'][0]['name']} " in told.stdout
    assert scene.report["rollback"]["commands"][-1]["command"].endswith(f"--before {run[1]}")


def test_a_restore_without_a_point_gives_commands_too(scene):
    result = scene.give_commands("latest", "--format", "json", "--noinput")
    assert result.returncode == 4
    commands = json.loads(result.stdout)["commands"]
    (line,) = (one for one in commands if one.endswith(" restore"))
    assert f"--set={scene.report['backup']['name']} --type=immediate" in line
    with (
        open_connection(scene.project.databases["default"]) as connection,
        pytest.raises(BackupFailed, match="of the whole cluster") as raised,
    ):
        scene.backend().restore("any", get_database(connection))
    assert raised.value.next_command.startswith("migrate_backup restore any")


def test_the_commands_are_given_while_the_database_is_down(scene):
    scene.server.stop()
    try:
        told = scene.give_commands("latest", "--before", "shop.0003_delete")
    finally:
        scene.server.start()
    (line,) = (one for one in told.stdout.splitlines() if one.endswith(" restore"))
    assert f"--target={scene.report['point_in_time']['positions'][1]['name']} " in line
    assert "mv $PGDATA $PGDATA.before-restore" in told.stdout
    assert told.returncode == 4


def test_a_stanza_of_another_cluster_is_refused(scene, postgresql_server):
    with open_connection(postgresql_server.database_settings("postgres")) as connection:
        (finding,) = scene.backend().check(get_database(connection))
    assert finding.rule == "pgbackrest_unusable"
    assert "The pgBackRest stanza 'shop' is of another cluster" in finding.message
    with open_connection(scene.project.databases["default"]) as connection:
        assert scene.backend().check(get_database(connection)) == []


def test_a_damaged_backup_is_found(scene):
    newest = scene.backend().list("default")[0]
    file = next(
        scene.server.folder.glob(f"repository/backup/*/{newest.name}/pg_data/global/pg_control*")
    )
    whole = file.read_bytes()
    file.write_bytes(whole[:-4] + b"XXXX")
    try:
        with pytest.raises(BackupFailed) as raised:
            scene.backend().verify(newest.name, "default")
    finally:
        file.write_bytes(whole)
    assert raised.value.message == f"pgbackrest verify says of the backup {newest.name}: invalid."
    assert scene.backend().verify(newest.name, "default").is_verified


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "missing 1 required keyword-only argument: 'stanza'"),
        ({"stanza": ""}, "stanza is '', and it has to be the name of a stanza"),
        ({"stanza": "shop", "type": "whole"}, "type is 'whole', and accepted are full, diff, incr"),
    ],
)
def test_options(settings, options, told):
    path = "django_safe_migrate.backups.pgbackrest.PgBackRestBackend"
    settings.SAFE_MIGRATE = {"BACKUP": {"BACKEND": path, "OPTIONS": options}}
    with pytest.raises(ImproperlyConfigured, match=told):
        get_backend()


@pytest.mark.vendors("postgresql")
def test_a_program_that_is_missing(connection):
    backend = PgBackRestBackend(stanza="shop", program="/nowhere/pgbackrest")
    (finding,) = backend.check(get_database(connection))
    assert finding.message == "/nowhere/pgbackrest cannot be run: No such file or directory."


@pytest.mark.vendors("sqlite", "mariadb")
def test_another_vendor(connection):
    (finding,) = PgBackRestBackend(stanza="shop").check(get_database(connection))
    told = f"pgBackRest backs up PostgreSQL, and database 'default' is on {get_database(connection).product}."
    assert finding.message == told
