"""A dump of MariaDB, brought forward to a point between two migrations by the commands that migrate_backup gives."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.projects import migration

pytestmark = pytest.mark.mariadb

FIRST = migration(
    "migrations.CreateModel('Item', [('id', models.BigAutoField(primary_key=True)), ('name', models.CharField(max_length=20))]),"
)
SECOND = migration(
    "migrations.AddField('item', 'colour', models.CharField(max_length=9, default='red', db_default='red')),",
    dependencies=[("shop", "0001_initial")],
)
THIRD = migration(
    "migrations.RunSQL('DELETE FROM shop_item', migrations.RunSQL.noop),",
    dependencies=[("shop", "0002_colour")],
)


def test_forward_to_the_point_between_two_migrations(make_server, make_project, tmp_path):
    server = make_server("mariadb", config=["--log-bin=shop-bin", "--server-id=7"])
    project = make_project(server)
    migrations = {"0001_initial": FIRST}
    project.write_app("shop", migrations=migrations)
    project.manage("safemigrate", "--noinput")
    other = server.create_database()
    server.query("CREATE TABLE item (name varchar(20))", None, other)
    project.sql("INSERT INTO shop_item (name) VALUES ('before all')")
    project.manage("migrate_backup", "create")
    project.sql("INSERT INTO shop_item (name) VALUES ('after the backup')")
    server.query("FLUSH BINARY LOGS")
    server.query("INSERT INTO item VALUES ('of another database')", None, other)
    migrations |= {"0002_colour": SECOND, "0003_delete": THIRD}
    project.write_app("shop", migrations=migrations)
    allowed = ("--allow", "run_sql_destructive")
    project.manage("safemigrate", "--noinput", "--backup", "never", *allowed)
    project.sql("INSERT INTO shop_item (name, colour) VALUES ('later', 'blue')")

    told = project.manage(
        "migrate_backup", "restore", "latest", "--before", "shop.0003_delete", check=False
    )
    assert told.returncode == 4
    assert project.sql("SELECT name FROM shop_item") == [("later",)]
    restore, *replay = [line for line in told.stdout.splitlines() if not line.startswith("#")]
    project.manage(*restore.removeprefix("python manage.py ").split(), "--noinput")
    assert project.sql("SELECT name FROM shop_item") == [("before all",)]
    for line in replay:
        # As it is typed; the password comes from where a person's option file would have it.
        typed = subprocess.run(
            ["bash", "-c", line.replace(" --password", "")],
            env={**os.environ, "MYSQL_PWD": server.password},
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert (typed.stderr, typed.returncode) == ("", 0)
    assert project.sql("SELECT name, colour FROM shop_item ORDER BY name") == [
        ("after the backup", "red"),
        ("before all", "red"),
    ]
    assert [name for app, name in project.applied_migrations() if app == "shop"] == [
        "0001_initial",
        "0002_colour",
    ]
    assert server.query("SELECT name FROM item", None, other) == [("of another database",)]
