"""Plans that a circuit breaker pauses or stops while they are carried out, with the real command."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.projects import Project, migration

pytestmark = pytest.mark.slow

SLEEP = {
    "postgresql": "SELECT pg_sleep(%s)",
    "mariadb": "SELECT SLEEP(%s)",
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT %s * 3000000) SELECT count(*) FROM c",
}
ITEM = "migrations.CreateModel('Item', [('id', models.BigAutoField(primary_key=True))]),"
#: Seconds that nobody waits for in full.
LONG = 600


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait for what another process does, which a busy machine may start slowly."""
    deadline = time.monotonic() + 150
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def note(number: int) -> str:
    """The source of a migration that adds a column."""
    return migration(
        f"migrations.AddField('item', 'note{number}', models.IntegerField(null=True)),",
        dependencies=[("shop", f"000{number - 1}_{'initial' if number == 2 else 'more'}")],
    )


def sleeping(project: Project, seconds: float) -> str:
    """The source of a migration that runs one statement for so long, after a column was added."""
    sql = SLEEP[project.server.name] % seconds
    return migration(
        f"""
        migrations.AddField('item', 'note2', models.IntegerField(null=True)),
        migrations.RunSQL({sql!r}, migrations.RunSQL.noop),
        """,
        dependencies=[("shop", "0001_initial")],
    )


@pytest.fixture
def shop(project: Project) -> Project:
    """A shop whose first migration is applied; the others come with each test."""
    project.write_app("shop", migrations={"0001_initial": migration(ITEM)})
    project.manage("safemigrate", "--noinput", "--backup", "never", "-v", "0")
    return project


def configure(project: Project, **breakers: object) -> None:
    project.settings(
        SAFE_MIGRATE={"BREAKERS": breakers, "BACKUP": {"WHEN": "never"}, "RULES": _NO_RULES}
    )


_NO_RULES = {"run_sql_unread": "off", "run_sql_without_reverse": "off"}


def stop_file(project: Project) -> Path:
    return project.folder / ".safe_migrate" / "journal" / "stop"


def events_of(project: Project, name: str) -> list[dict[str, object]]:
    """The events of the last run that have this name, as its journal has them by now; the first run was that of the fixture."""
    found = (project.folder / ".safe_migrate" / "journal").glob("*.jsonl")
    # Their names have whole seconds, within which two short runs can begin.
    journals = (
        sorted(texts, key=_began) if len(texts := [one.read_text() for one in found]) > 1 else []
    )
    lines = journals[-1].splitlines() if journals else []
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return [event for event in events if event["event"] == name]


def _began(journal: str) -> str:
    first = journal.partition("\n")[0]
    return str(json.loads(first)["at"]) if first.endswith("}") else "9"


def output_of(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=300)[0]


def started(project: Project, operation: int) -> bool:
    """Whether an operation of the plan under way has begun."""
    return any(one["operation"] == operation for one in events_of(project, "operation_started"))


def test_a_stop_file_cancels_the_statement_that_runs(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_slow": sleeping(shop, LONG)})
    configure(shop)
    began = time.monotonic()
    process = shop.popen("safemigrate", "--noinput")
    assert eventually(lambda: started(shop, 1))
    stop_file(shop).write_text("The shop is busy.\nAsk Ada.\n")
    output = output_of(process)
    assert process.returncode == 7, output
    assert time.monotonic() - began < LONG
    reason = f"The stop file {stop_file(shop)} exists: The shop is busy."
    assert f"Stopped by breaker STOP_FILE: {reason}" in output
    assert "Applying shop.0002_slow was stopped in operation 2" in output
    assert "Circuit breakers" in output
    assert "Next: python manage.py" in output
    assert ("shop", "0002_slow") not in shop.applied_migrations()
    if shop.server.name != "mariadb":
        assert "The database was not changed" in output
        columns = "note2" in _columns(shop)
        assert not columns
    (opened,) = events_of(shop, "breaker_opened")
    assert (opened["breaker"], opened["action"], opened["reason"]) == ("STOP_FILE", "stop", reason)


def _columns(project: Project) -> list[str]:
    with project.connection() as connection, connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, "shop_item")
    return [column.name for column in found]


@pytest.mark.vendors("sqlite")
def test_a_stop_file_that_is_there_before_lets_nothing_begin(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_more": note(2)})
    configure(shop)
    stop_file(shop).write_text("Not today.")
    result = shop.manage("safemigrate", "--noinput", "--force", check=False)
    assert result.returncode == 3
    assert f"The stop file {stop_file(shop)} exists: Not today." in result.stdout
    assert f"rm {stop_file(shop)}" in result.stdout
    assert "The database was not changed." in result.stdout + result.stderr
    stop_file(shop).unlink()
    shop.manage("safemigrate", "--noinput")
    assert ("shop", "0002_more") in shop.applied_migrations()


@pytest.mark.vendors("sqlite")
def test_the_stop_file_can_be_turned_off_or_be_elsewhere(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_more": note(2)})
    stop_file(shop).write_text("Not today.")
    configure(shop, STOP_FILE="halt")
    (shop.folder / "halt").touch()
    result = shop.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 3
    assert f"The stop file {shop.folder / 'halt'} exists." in result.stdout
    configure(shop, STOP_FILE=None)
    shop.manage("safemigrate", "--noinput")


@pytest.mark.vendors("postgresql", "sqlite")
def test_a_pause_holds_the_plan_and_goes_on(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_more": note(2), "0003_more": note(3)})
    configure(shop, STOP_FILE={"ACTION": "pause", "PAUSE_LIMIT": "10min"})
    stop_file(shop).write_text("A sale is on.")
    process = shop.popen("safemigrate", "--noinput")
    assert eventually(lambda: bool(events_of(shop, "breaker_opened")))
    time.sleep(2)
    assert events_of(shop, "step_started") == []
    watched = shop.manage("migrate_status", "--format", "json", check=False)
    assert "A sale is on." in watched.stdout
    stop_file(shop).unlink()
    output = output_of(process)
    assert process.returncode == 0, output
    assert "breaker STOP_FILE opened, the plan pauses before its next operation" in output
    assert "breaker STOP_FILE closed after" in output
    assert ("shop", "0003_more") in shop.applied_migrations()
    (closed,) = events_of(shop, "breaker_closed")
    assert float(str(closed["seconds"])) >= 1


@pytest.mark.vendors("sqlite")
def test_a_pause_that_lasts_too_long_becomes_a_stop(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_more": note(2)})
    configure(shop, STOP_FILE={"ACTION": "pause", "PAUSE_LIMIT": "1s"})
    stop_file(shop).touch()
    result = shop.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 7
    told = f"Stopped by breaker STOP_FILE: The stop file {stop_file(shop)} exists. That has lasted longer than the limit of a pause, 1 seconds."
    assert told in result.stdout
    assert "The database was not changed: shop.0002_more left nothing behind." in result.stdout
    assert [one["action"] for one in events_of(shop, "breaker_opened")] == ["pause", "stop"]


def test_a_full_disk_lets_nothing_begin(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_more": note(2)})
    configure(shop, DISK_FREE="100%")
    result = shop.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 7
    assert "Stopped by breaker DISK_FREE: " in result.stdout
    assert "less than 100 %." in result.stdout
    assert ("shop", "0002_more") not in shop.applied_migrations()
    configure(shop, DISK_FREE="1MB")
    shop.manage("safemigrate", "--noinput")


@pytest.mark.vendors("postgresql", "mariadb")
def test_too_many_clients_stop_a_statement_that_runs(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_slow": sleeping(shop, LONG)})
    clients = _clients(shop) + 12
    configure(shop, ACTIVE_CONNECTIONS={"ABOVE": clients, "ACTION": "stop"})
    process = shop.popen("safemigrate", "--noinput")
    assert eventually(lambda: started(shop, 1))
    others = [shop.connection() for _ in range(14)]
    try:
        for other in others:
            other.__enter__().ensure_connection()
        output = output_of(process)
    finally:
        for other in others:
            other.__exit__(None, None, None)
    assert process.returncode == 7, output
    assert f"clients are connected, more than {clients}." in output
    assert ("shop", "0002_slow") not in shop.applied_migrations()


def _clients(project: Project) -> int:
    if project.server.name == "postgresql":
        ((count,),) = project.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE usesysid IS NOT NULL"
        )
    else:
        ((_, count),) = project.sql("SHOW GLOBAL STATUS LIKE 'Threads_connected'")
    return int(count)


@pytest.mark.vendors("sqlite")
def test_what_cannot_be_known_is_told_once_and_stops_nobody(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_more": note(2)})
    configure(shop, REPLICA_LAG="30s", ACTIVE_CONNECTIONS="80%")
    output = shop.manage("safemigrate", "--noinput").stdout
    assert output.count("Breaker REPLICA_LAG is off: this server does not tell") >= 1
    assert "Breaker ACTIVE_CONNECTIONS is off: this database has no clients to count" in output
    assert ("shop", "0002_more") in shop.applied_migrations()


@pytest.mark.vendors("postgresql", "sqlite")
def test_a_function_of_the_project(shop: Project) -> None:
    shop.write(
        "shop/busy.py",
        """
        from pathlib import Path

        def busy(alias):
            return "many orders on " + alias if Path("busy").exists() else None
        """,
    )
    shop.write_app("shop", migrations={"0002_slow": sleeping(shop, LONG)})
    configure(shop, CALLABLE={"PATHS": "shop.busy.busy", "ACTION": "stop", "EVERY": "200ms"})
    process = shop.popen("safemigrate", "--noinput")
    assert eventually(lambda: started(shop, 1))
    (shop.folder / "busy").touch()
    output = output_of(process)
    assert process.returncode == 7, output
    assert "Stopped by breaker CALLABLE: shop.busy.busy: many orders on default" in output


@pytest.mark.vendors("sqlite")
def test_a_function_that_raises_is_a_reason_and_one_that_is_missing_a_mistake(
    shop: Project,
) -> None:
    shop.write("shop/busy.py", "def broken(alias):\n    raise OSError('no network')\n")
    shop.write_app("shop", migrations={"0002_more": note(2)})
    configure(shop, CALLABLE={"PATHS": "shop.busy.broken", "ACTION": "stop"})
    result = shop.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 7
    assert "shop.busy.broken: it raised OSError: no network" in result.stdout
    configure(shop, CALLABLE="shop.busy.missing")
    result = shop.manage("safemigrate", "--noinput", check=False)
    assert result.returncode != 0
    told = (
        'SAFE_MIGRATE["BREAKERS"]["CALLABLE"] names \'shop.busy.missing\', which cannot be imported'
    )
    assert told in result.stdout + result.stderr
    assert ("shop", "0002_more") not in shop.applied_migrations()


@pytest.mark.vendors("sqlite")
def test_a_health_check_that_begins_to_fail(shop: Project) -> None:
    shop.write(
        "shop/checks.py",
        """
        import dataclasses
        from pathlib import Path
        from health_check.base import HealthCheck
        from health_check.exceptions import ServiceUnavailable

        @dataclasses.dataclass
        class Till(HealthCheck):
            def run(self):
                if Path("closed").exists():
                    raise ServiceUnavailable("the till is closed")
        """,
    )
    shop.write_app("shop", migrations={"0002_slow": sleeping(shop, LONG)})
    breakers = {"HEALTH_CHECKS": {"FAILURES": 2, "EVERY": "200ms"}}
    shop.settings(
        SAFE_MIGRATE={
            "BREAKERS": breakers,
            "HEALTH_CHECKS": ["shop.checks.Till"],
            "BACKUP": {"WHEN": "never"},
        }
    )
    process = shop.popen("safemigrate", "--noinput")
    assert eventually(lambda: started(shop, 1))
    (shop.folder / "closed").touch()
    output = output_of(process)
    assert process.returncode == 7, output
    assert "Health check shop.checks.Till fails (2 times in a row):" in output
    assert "the till is closed" in output


def _windows(project: Project, closes_in: float) -> None:
    """Configure a window that is open now and closes, with the margin of its breaker, in so many seconds."""
    now = datetime.datetime.now(datetime.UTC)
    end = (now + datetime.timedelta(seconds=closes_in, minutes=1)).replace(second=0, microsecond=0)
    margin = (end - now).total_seconds() - closes_in
    project.settings(
        TIME_ZONE="UTC",
        SAFE_MIGRATE={
            "BREAKERS": {"WINDOW_END": {"BEFORE": max(0.0, margin)}},
            "MAINTENANCE_WINDOWS": [f"{now - datetime.timedelta(minutes=5):%H:%M}-{end:%H:%M}"],
            "BACKUP": {"WHEN": "never"},
        },
    )


@pytest.mark.vendors("sqlite")
def test_nothing_begins_when_the_window_is_about_to_close(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_more": note(2)})
    _windows(shop, closes_in=0)
    result = shop.manage("safemigrate", "--noinput", check=False)
    assert result.returncode == 7, result.stdout
    told = "Stopped by breaker WINDOW_END: The maintenance window closes within"
    assert told in result.stdout
    assert ("shop", "0002_more") not in shop.applied_migrations()


@pytest.mark.vendors("postgresql")
def test_the_end_of_the_window_spares_the_statement_that_runs(shop: Project) -> None:
    shop.sql("CREATE TABLE gate (id int)")
    until_open = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.1); END LOOP; END $$"
    waiting = migration(
        f"migrations.RunSQL({until_open!r}, migrations.RunSQL.noop),",
        dependencies=[("shop", "0001_initial")],
    )
    third = note(3).replace("0002_more", "0002_waiting")
    shop.write_app("shop", migrations={"0002_waiting": waiting, "0003_more": third})
    # A busy machine needs longer to start; then nothing was begun, and the next window closes later.
    for closes_in in (15, 45, 120):
        _windows(shop, closes_in=closes_in)
        process = shop.popen("safemigrate", "--noinput")
        assert eventually(lambda process=process: started(shop, 0) or process.poll() is not None)
        if started(shop, 0):
            break
        output_of(process)
    assert eventually(lambda: bool(events_of(shop, "breaker_opened")))
    time.sleep(2)
    assert process.poll() is None
    shop.sql("INSERT INTO gate VALUES (1)")
    output = output_of(process)
    assert process.returncode == 7, output
    assert "Stopped by breaker WINDOW_END: " in output
    assert "1 of 2 planned migrations are applied (shop.0002_waiting)" in output
    assert ("shop", "0003_more") not in shop.applied_migrations()


@pytest.mark.vendors("sqlite")
def test_on_failure_does_not_undo_what_a_breaker_stopped(shop: Project) -> None:
    shop.write_app("shop", migrations={"0002_more": note(2), "0003_slow": _slow_third(shop)})
    configure(shop)
    process = shop.popen("safemigrate", "--noinput", "--on-failure", "rollback")
    assert eventually(lambda: len(events_of(shop, "step_started")) == 2)
    stop_file(shop).touch()
    output = output_of(process)
    assert process.returncode == 7, output
    assert ("shop", "0002_more") in shop.applied_migrations()
    assert "1 of 2 planned migrations are applied (shop.0002_more)" in output


def _slow_third(project: Project) -> str:
    return sleeping(project, LONG).replace("0001_initial", "0002_more").replace("note2", "note3")


@pytest.mark.vendors("postgresql")
def test_a_disk_that_fills_while_a_statement_runs(shop: Project, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("A small disk of its own (tmpfs) cannot be mounted here.")
    try:
        shop.write_app("shop", migrations={"0002_slow": sleeping(shop, LONG)})
        configure(shop, DISK_FREE={"BELOW": "4MB", "PATH": str(folder)})
        process = shop.popen("safemigrate", "--noinput")
        assert eventually(lambda: started(shop, 1))
        (folder / "file").write_bytes(b"x" * 6_000_000)
        output = output_of(process)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert process.returncode == 7, output
    assert f"are free on the disk of {folder}, less than 4.0 MB." in output
    assert "The database was not changed" in output
