"""Indexes that are built concurrently, and cancelled, ended or timed out while they wait for somebody else's transaction."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.management.commands.shop import installed
from tests.projects import Project, migration

pytestmark = pytest.mark.vendors("postgresql")

RUN = ("safemigrate", "--noinput", "--backup", "never")
BUILD = migration(
    'AddIndexConcurrently("order", models.Index(fields=["number"], name="by_number")),',
    dependencies=[("shop", "0001_initial")],
    imports="from django.contrib.postgres.operations import AddIndexConcurrently",
    atomic=False,
)
UNIQUE = migration(
    'migrations.RunSQL("CREATE UNIQUE INDEX CONCURRENTLY by_number ON shop_order (note)", "DROP INDEX CONCURRENTLY IF EXISTS by_number"),',
    dependencies=[("shop", "0001_initial")],
    atomic=False,
)
WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE %%INDEX CONCURRENTLY%%by_number%%' "
    "AND wait_event_type = 'Lock' AND datname = current_database()"
)
INDEX = "SELECT indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname LIKE 'by_number%%'"


@contextlib.contextmanager
def writing(project: Project) -> Iterator[BaseDatabaseWrapper]:
    """Hold a transaction open that has written to the table: a concurrent build waits for it."""
    with project.connection() as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE shop_order SET note = 'x' WHERE number = 'A1'")
        yield other
        other.rollback()


def waiting_session(project: Project, process: subprocess.Popen[str]) -> int:
    """Wait until the build waits, and return its session."""
    deadline = time.monotonic() + 240
    while not (rows := project.sql(WAITING)):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "It never came to wait."
        time.sleep(0.05)
    return int(rows[0][0])


def ended(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 7, output
    assert "Traceback" not in output
    assert output.count("CommandError: ") == 1
    return str(output)


def finishes(project: Project) -> None:
    """Run again: what is left is dropped, and the index is built."""
    result = project.manage(*RUN)
    assert ("shop", "0002_build") in project.applied_migrations()
    assert project.sql(INDEX) == [(True,)], result.stdout
    assert project.manage("migrate_status", "--check", check=False).returncode == 0


def test_a_build_that_somebody_cancels_is_not_repeated(project: Project) -> None:
    """Whoever cancelled it meant it; and while the transaction is open for which it waited, its rest cannot be dropped either."""
    installed(project, m0002_build=BUILD)
    with writing(project):
        process = project.popen(*RUN)
        project.sql("SELECT pg_cancel_backend(%s)", [waiting_session(project, process)])
        output = ended(process)
        assert project.sql(INDEX) == [(False,)]
    assert "canceling statement due to user request" in output
    assert "An invalid index may be left, since dropping it failed too: " in output
    assert (
        "shop.0002_build left an invalid index behind, which the next run drops and builds again: "
        "DROP INDEX CONCURRENTLY IF EXISTS public.by_number\nNext: python manage.py safemigrate\n"
    ) in output
    assert "shop_order.by_number" in project.manage("migrate_status", check=False).stdout
    finishes(project)


def test_a_build_whose_session_is_ended(project: Project) -> None:
    installed(project, m0002_build=BUILD)
    with writing(project):
        process = project.popen(*RUN)
        project.sql("SELECT pg_terminate_backend(%s)", [waiting_session(project, process)])
        output = ended(process)
    assert "terminating connection due to administrator command" in output
    assert "perhaps part of Concurrently create index by_number" in output
    assert project.sql(INDEX) == [(False,)]
    finishes(project)


def test_a_build_that_takes_longer_than_it_may(project: Project) -> None:
    installed(project, m0002_build=BUILD)
    project.settings(SAFE_MIGRATE={"CONCURRENT_TIMEOUT": "1s"})
    with writing(project):
        output = ended(project.popen(*RUN))
    assert "canceling statement due to statement timeout" in output
    assert "left an invalid index behind, which the next run drops and builds again" in output
    project.settings(SAFE_MIGRATE={})
    finishes(project)


def test_a_build_that_finds_duplicates_leaves_nothing(project: Project) -> None:
    installed(project, m0002_build=UNIQUE)
    project.sql("UPDATE shop_order SET note = 'the same'")
    output = ended(project.popen(*RUN))
    assert 'could not create unique index "by_number"' in output
    assert "the same" not in output
    assert "The database was not changed: shop.0002_build left nothing behind." in output
    assert project.sql(INDEX) == []


def test_a_deadlock_is_broken_and_the_build_repeated(project: Project) -> None:
    """The transaction that the build waits for asks for a lock that the build keeps it from: the server ends the build for that."""
    installed(project, m0002_build=BUILD)
    name = project.databases["default"]["NAME"]
    # Whoever looks first is the victim, and nobody looks twice: the other session comes to wait before the build looks.
    project.sql(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '30s'")
    with writing(project) as other:
        with other.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '1h'")
        process = project.popen(*RUN)
        waiting_session(project, process)
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE shop_order IN SHARE UPDATE EXCLUSIVE MODE")
        other.rollback()
        output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    assert "deadlock detected" in output
    assert project.sql(INDEX) == [(True,)]


def test_a_build_that_another_session_is_at(project: Project) -> None:
    """That of a run whose connection was cut, perhaps: it is not taken for a leftover, nor for done."""
    installed(project, m0002_build=BUILD)
    sql = 'CREATE INDEX CONCURRENTLY "by_number" ON "shop_order" ("number")'
    with writing(project) as other:
        orphan = project.popen(
            "shell", "-c", f"from django.db import connection; connection.cursor().execute({sql!r})"
        )
        session = waiting_session(project, orphan)
        output = ended(project.popen(*RUN))
        assert (
            f"Session {session} builds this index at this moment; perhaps it is that of an earlier run whose connection was cut. "
            f"Run again when it is done, or end it: SELECT pg_terminate_backend({session});"
        ) in output
        assert project.sql(INDEX) == [(False,)]
        project.sql("SELECT pg_terminate_backend(%s)", [session])
        orphan.communicate(timeout=240)
        other.rollback()
    finishes(project)
