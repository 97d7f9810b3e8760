"""Sessions that an administrator, a router or a time limit ends while a run goes on: those of the migrations, and that of the run lock."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest

from tests.management.commands.shop import ADD_COLOUR, installed
from tests.projects import Project, migration
from tests.servers import Server

pytestmark = pytest.mark.vendors("postgresql", "mariadb")

RUN = ("safemigrate", "--noinput", "--backup", "never")

#: What a migration needs to wait, and to end sessions as somebody else would: on a connection of its own.
CUTTING = """
import pathlib
import time

from django.db import connection
from django_safe_migrate import signals

POSTGRESQL = connection.vendor == "postgresql"
SLEEP = "SELECT pg_sleep(1000)" if POSTGRESQL else "SELECT SLEEP(1000)"
MINE = "SELECT pg_backend_pid()" if POSTGRESQL else "SELECT CONNECTION_ID()"
LOCK = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)


def ask(sql, params=None, on=connection):
    with on.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def lock_session():
    if POSTGRESQL:
        return ask(LOCK)[0][0]
    import hashlib

    digest = hashlib.sha256(connection.settings_dict["NAME"].encode()).hexdigest()
    return ask("SELECT IS_USED_LOCK(%s)", [f"django-safe-migrate:{digest[:32]}"])[0][0]


def end(session):
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)" if POSTGRESQL else "KILL %s", [session])
    while ask(
        "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        if POSTGRESQL
        else "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = %s",
        [session],
        other,
    ) != [(0,)]:
        time.sleep(0.05)
    other.close()


def wait(apps, schema_editor):
    pathlib.Path("waiting").write_text(str(ask(MINE)[0][0]))
    if not pathlib.Path("quick").exists():
        ask(SLEEP)


def cut_lock(apps, schema_editor):
    if not pathlib.Path("quick").exists():
        end(lock_session())


def cut_when_finished(apps, schema_editor):
    mine = ask(MINE)[0][0]

    def cut(**kwargs):
        signals.step_finished.disconnect(cut)
        end(mine)

    signals.step_finished.connect(cut, weak=False)
"""
WAIT = "migrations.RunPython(wait, migrations.RunPython.noop),"
SIZE = 'migrations.AddField("order", "size", models.IntegerField(null=True)),'


def source(operations: str, after: str = "0002_colour", **options: object) -> str:
    return migration(operations, dependencies=[("shop", after)], before=CUTTING, **options)


def started(project: Project) -> subprocess.Popen[str]:
    """Start a run, and return once its migration waits."""
    process = project.popen(*RUN)
    deadline = time.monotonic() + 240
    while not (project.folder / "waiting").exists() or not (project.folder / "waiting").read_text():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


def end_session(project: Project, session: int) -> None:
    if project.server.name == "postgresql":
        project.sql("SELECT pg_terminate_backend(%s)", [session])
    else:
        project.sql(f"KILL {session}")


def shop_migrations(project: Project) -> list[str]:
    return [name for app, name in project.applied_migrations() if app == "shop"]


def finishes(project: Project, **attributes: object) -> None:
    """Run again, now that nothing is cut; where something is half done, what the run says is to be done is done first."""
    (project.folder / "quick").touch()
    again = project.manage(*RUN, check=False)
    if again.returncode == 3:
        assert "[half_done_migration]" in again.stdout
        project.manage("migrate_repair", "--resume", "--assume-not-done", "2", "--noinput")
        again = project.manage(*RUN, check=False)
    assert again.returncode == 0, again.stdout + again.stderr
    assert shop_migrations(project)[:3] == ["0001_initial", "0002_colour", "0003_size"]
    assert project.manage("migrate_status", "--check", check=False).returncode == 0


def clear(output: str) -> None:
    """One error, and no traceback."""
    assert "Traceback" not in output
    assert output.count("CommandError: ") == 1, output


@pytest.mark.parametrize("atomic", [True, False])
def test_the_session_of_a_migration(project: Project, atomic: bool) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_size=source(SIZE + WAIT, atomic=atomic))
    process = started(project)
    end_session(project, int((project.folder / "waiting").read_text()))
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 7, output
    clear(output)
    assert "CommandError: Applying shop.0003_size failed in operation 2 (Raw Python " in output
    assert "1 of 2 planned migrations are applied (shop.0002_colour)." in output
    undone = atomic and project.server.name == "postgresql"
    assert (
        "shop.0003_size left nothing behind." if undone else "shop.0003_size is half done: "
    ) in output
    assert shop_migrations(project) == ["0001_initial", "0002_colour"]
    assert "0003_size" in project.manage("migrate_status", check=False).stdout
    finishes(project)


def test_the_session_of_the_migrations_between_two_of_them(project: Project) -> None:
    """It is opened anew, with the limits of the run and the project's own settings, under the run lock that is still held."""
    asking = (
        "[[ask('SHOW lock_timeout'), ask('SHOW application_name'), ask('SHOW idle_session_timeout')]]"
        if project.server.name == "postgresql"
        else "ask('SELECT @@lock_wait_timeout, @@wait_timeout > 1000000, @mine')"
    )
    noting = f"""
def note(apps, schema_editor):
    pathlib.Path("noted").write_text(repr({asking}))
"""
    installed(
        project,
        m0002_colour=migration(
            "migrations.RunPython(cut_when_finished, migrations.RunPython.noop),",
            dependencies=[("shop", "0001_initial")],
            before=CUTTING,
        ),
        m0003_size=migration(
            SIZE + "migrations.RunPython(note, migrations.RunPython.noop),",
            dependencies=[("shop", "0002_colour")],
            before=CUTTING + noting,
        ),
    )
    setting = (
        "SET application_name = 'the shop'"
        if project.server.name == "postgresql"
        else "SET @mine = 'the shop'"
    )
    project.write(
        "shop/__init__.py",
        f"""
        from django.db.backends.signals import connection_created


        def name(connection, **kwargs):
            with connection.cursor() as cursor:
                cursor.execute("{setting}")


        connection_created.connect(name, weak=False)
        """,
    )
    project.settings(SAFE_MIGRATE={"LOCK_TIMEOUT": "7s"})
    project.manage(*RUN)
    assert shop_migrations(project) == ["0001_initial", "0002_colour", "0003_size"]
    noted = (project.folder / "noted").read_text()
    assert noted == (
        "[[[('7s',)], [('the shop',)], [('0',)]]]"
        if project.server.name == "postgresql"
        else "[(7, 1, 'the shop')]"
    )


def test_the_session_of_the_run_lock_during_a_long_statement(project: Project) -> None:
    """It is noticed within seconds, and the statement does not run on to its end."""
    installed(project, m0002_colour=ADD_COLOUR, m0003_size=source(SIZE + WAIT))
    process = started(project)
    name = project.databases["default"]["NAME"]
    if project.server.name == "postgresql":
        project.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    else:
        import hashlib

        lock = f"django-safe-migrate:{hashlib.sha256(name.encode()).hexdigest()[:32]}"
        [(session,)] = project.sql("SELECT IS_USED_LOCK(%s)", [lock])
        project.sql(f"KILL {session}")
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 6, output
    clear(output)
    assert "The run lock of database 'default' was lost" in output
    assert shop_migrations(project) == ["0001_initial", "0002_colour"]
    finishes(project)


def test_the_session_of_the_run_lock_just_before_the_commit(project: Project) -> None:
    """A transaction that changed the schema is not committed without the lock; where each statement commits by itself, no other follows."""
    installed(
        project,
        m0002_colour=ADD_COLOUR,
        m0003_size=source(SIZE + "migrations.RunPython(cut_lock, migrations.RunPython.noop),"),
        m0004_weight=migration(
            'migrations.AddField("order", "weight", models.IntegerField(null=True)),',
            dependencies=[("shop", "0003_size")],
        ),
    )
    result = project.manage(*RUN, check=False)
    assert result.returncode == 6, result.stdout + result.stderr
    clear(result.stdout + result.stderr)
    assert "The run lock of database 'default' was lost" in result.stderr
    applied = ["0001_initial", "0002_colour", "0003_size"]
    assert shop_migrations(project) == applied[: 2 if project.server.name == "postgresql" else 3]
    finishes(project)


def test_limits_on_silent_sessions(
    vendor_server: Server,
    make_server: Callable[..., Server],
    make_project: Callable[..., Project],
) -> None:
    """Neither the run lock, nor the monitor, nor the migrations lose their sessions while Python works for longer than a session may be silent."""
    limit = {"postgresql": "idle_session_timeout = '1s'", "mariadb": "--wait-timeout=2"}
    server = make_server(vendor_server.name, config=[limit[vendor_server.name]])
    project = make_project(server)
    silent = """
import time

def be_silent(apps, schema_editor):
    time.sleep(5)
"""
    installed(
        project,
        m0002_colour=migration(
            "migrations.RunPython(be_silent, migrations.RunPython.noop, atomic=False),",
            dependencies=[("shop", "0001_initial")],
            before=silent,
            atomic=False,
        ),
        m0003_size=source(SIZE),
    )
    result = project.manage(*RUN)
    assert shop_migrations(project) == ["0001_initial", "0002_colour", "0003_size"]
    assert "The monitor stopped" not in result.stdout
    assert (
        project.sql("SELECT status FROM django_safe_migrate_migrationrun ORDER BY started_at")
        == [("succeeded",)] * 2
    )
