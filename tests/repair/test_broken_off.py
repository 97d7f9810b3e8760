"""What Django's own ``migrate`` leaves when it is killed between the statements of a remake, and what PostgreSQL leaves of a detach."""

from __future__ import annotations

import json
import signal
import threading

import pytest
from django.db import DatabaseError

from tests.projects import Project
from tests.repair.half_done_shop import SAFEMIGRATE, found, install, repair
from tests.repair.test_indexes_of_real_builds import wait_until

#: Kills its own process in front of a statement that begins as the file says.
KILL = """
import os, pathlib
MARK = pathlib.Path(__file__).resolve().parent.parent.parent / "kill_at"

def arm(apps, schema_editor):
    execute = schema_editor.execute
    def watched(sql, params=()):
        if MARK.exists() and str(sql).startswith(MARK.read_text()):
            os.kill(os.getpid(), 9)
        return execute(sql, params)
    schema_editor.execute = watched
"""
WIDER = """
migrations.RunPython(arm, migrations.RunPython.noop),
migrations.AlterField('order', 'number', models.CharField(max_length=40, db_index=True)),
"""


def killed_at(project: Project, statement: str) -> Project:
    """A shop whose second migration was killed in front of a statement of a remake, by Django's own command."""
    install(project, "")
    source = project.folder / "shop" / "migrations" / "0002_parcels.py"
    source.write_text(
        source.read_text()
        .replace("class Migration", f"{KILL}\nclass Migration")
        .replace("operations = [", f"atomic = False\n    operations = [{WIDER}")
    )
    project.sql("CREATE TABLE shop_label (order_id bigint REFERENCES shop_order (id))")
    project.sql("CREATE VIEW shop_numbers AS SELECT number FROM shop_order")
    project.sql("INSERT INTO shop_order (number) VALUES ('A2'), ('A3')")
    project.sql("INSERT INTO shop_label SELECT id FROM shop_order")
    (project.folder / "kill_at").write_text(statement)
    killed = project.manage("migrate", check=False)
    assert killed.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}
    (project.folder / "kill_at").unlink()
    return project


def tables(project: Project) -> list[str]:
    rows = project.sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if "shop_order" in name]


@pytest.mark.vendors("sqlite")
def test_a_table_under_its_other_name_is_renamed_with_its_rows(project: Project) -> None:
    killed_at(project, 'ALTER TABLE "new__shop_order"')
    assert tables(project) == ["new__shop_order"]
    status = json.loads(project.manage("migrate_status", "--format", "json").stdout)
    said = "Table shop_order is missing, and new__shop_order (3 rows) is there: "
    assert [one.startswith(said) for one in status["problems"]] == [True]
    assert status["problems"][0].endswith("python manage.py migrate_repair --broken-off")
    refused = project.manage(*SAFEMIGRATE, check=False)
    assert (refused.returncode, "broken_off_statement" in refused.stderr) == (3, True)
    # Not the table made anew, and empty.
    (problem,) = found(project)
    assert (problem["action"], problem["subject"]) == ("broken-off", "shop_order")
    assert problem["statements"][1] == 'ALTER TABLE "new__shop_order" RENAME TO "shop_order"'
    assert tables(project) == ["new__shop_order"]

    # A row that another table references is gone from the copy: not proven whole.
    with project.connection() as connection, connection.constraint_checks_disabled():
        connection.cursor().execute("DELETE FROM new__shop_order WHERE number = 'A2'")
    (problem,) = found(project)
    assert (
        "1 row of shop_label reference rows that new__shop_order does not have" in problem["remedy"]
    )
    assert repair(project, "--broken-off", check=False).returncode == 3
    project.sql("INSERT INTO new__shop_order (id, number) VALUES (2, 'A2')")

    repair(project, "--broken-off")
    assert tables(project) == ["shop_order"]
    assert project.sql("SELECT number FROM shop_numbers ORDER BY 1") == [("A1",), ("A2",), ("A3",)]
    # With it, SQLite refuses to remake the table at all.
    project.sql("DROP VIEW shop_numbers")
    project.manage(*SAFEMIGRATE)
    assert found(project) == []
    assert project.sql("SELECT count(*) FROM shop_order") == [(3,)]


@pytest.mark.vendors("sqlite")
def test_a_copy_goes_only_when_the_original_has_all_of_it(project: Project) -> None:
    killed_at(project, 'DROP TABLE "shop_order"')
    assert tables(project) == ["new__shop_order", "shop_order"]
    with project.connection() as connection, connection.constraint_checks_disabled():
        connection.cursor().execute("UPDATE shop_order SET id = 7 WHERE id = 2")
    (problem,) = found(project)
    assert "1 row of new__shop_order are not in shop_order" in problem["remedy"]
    assert repair(project, "--broken-off", check=False).returncode == 3
    assert tables(project) == ["new__shop_order", "shop_order"]
    assert "drop new__shop_order when nothing in it is needed" in problem["remedy"]
    project.sql("UPDATE shop_order SET id = 2 WHERE id = 7")
    (problem,) = found(project)
    assert problem["statements"] == ['DROP TABLE "new__shop_order"']
    repair(project, "--broken-off")
    assert tables(project) == ["shop_order"]
    assert project.sql("SELECT count(*) FROM shop_order") == [(3,)]
    assert found(project) == []


def broken_off(project: Project, sql: str) -> None:
    """Execute a statement that waits for a reader of its table, and end its session while it waits; it is left alone until then."""
    table = sql.split(" TABLE ")[1].split()[-1 if sql.startswith("REINDEX") else 0]
    waiting = f"SELECT pid FROM pg_stat_activity WHERE query = '{sql}' AND wait_event_type = 'Lock'"
    with project.connection() as reader:
        reader.set_autocommit(False)
        reader.cursor().execute(f"SELECT count(*) FROM {table}")
        ended: list[DatabaseError] = []

        def execute() -> None:
            try:
                project.sql(sql)
            except DatabaseError as error:
                ended.append(error)

        thread = threading.Thread(target=execute)
        thread.start()
        wait_until(lambda: bool(project.sql(waiting)))
        problems = found(project, "--broken-off")
        assert [one["can_be_repaired"] for one in problems] == [False]
        assert "Nothing while session" in problems[0]["remedy"]
        project.sql(f"SELECT pg_terminate_backend(pid) FROM ({waiting}) s")
        thread.join(60)
        reader.rollback()
    assert len(ended) == 1


@pytest.mark.vendors("postgresql")
def test_a_table_rebuilt_halfway_keeps_no_copy_of_an_index(project: Project) -> None:
    install(project, "")
    project.sql("CREATE TABLE note (id integer PRIMARY KEY, text text)")
    broken_off(project, "REINDEX TABLE CONCURRENTLY note")
    left = "SELECT relname FROM pg_class WHERE relname ~ '_cc(new|old)[0-9]*$' ORDER BY 1"
    toast, own = sorted(
        (name for (name,) in project.sql(left)), key=lambda name: name[3:] < "toast"
    )
    assert own == "note_pkey_ccold"
    problems = found(project)
    assert [one["action"] for one in problems] == ["broken-off", "invalid-indexes"]
    assert problems[0]["statements"] == [f'DROP INDEX "pg_toast"."{toast}"']
    repair(project, "--broken-off", "--invalid-indexes")
    assert project.sql(left) == []
    assert found(project) == []


@pytest.mark.vendors("postgresql")
def test_a_partition_detached_halfway_is_detached(project: Project) -> None:
    install(project, "")
    for sql in (
        "CREATE TABLE log (at date NOT NULL) PARTITION BY RANGE (at)",
        "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
        "INSERT INTO log VALUES ('2026-01-02')",
    ):
        project.sql(sql)
    broken_off(project, "ALTER TABLE log DETACH PARTITION log_1 CONCURRENTLY")
    assert project.sql("SELECT count(*) FROM log") == [(0,)]
    (problem,) = found(project)
    assert problem["statements"] == ['ALTER TABLE "log" DETACH PARTITION "log_1" FINALIZE']
    status = json.loads(project.manage("migrate_status", "--format", "json").stdout)
    assert "Partition log_1 of log is detached halfway" in status["problems"][0]
    repair(project, "--broken-off")
    assert project.sql("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") == [(0,)]
    assert project.sql("SELECT at::text FROM log_1") == [("2026-01-02",)]
    assert found(project) == []
