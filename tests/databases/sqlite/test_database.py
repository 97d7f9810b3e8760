"""What only SQLite can say of itself: its file, its folder, its memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.databases.sqlite.run_lock import SUFFIX
from django_safe_migrate.exceptions import LockNotAcquired
from tests.databases.conftest import run
from tests.servers.base import open_connection

pytestmark = [pytest.mark.vendors("sqlite"), pytest.mark.sqlite]

MEMORY = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


def test_the_lock_file_is_beside_the_database_and_is_removed(database: Database) -> None:
    file = Path(f"{Path(database.name).resolve()}{SUFFIX}")
    lock = database.run_lock()
    assert not file.exists()
    assert lock.try_acquire()
    assert file.read_text().splitlines()[0].endswith(f":{os.getpid()}")
    lock.release()
    assert not file.exists()


def test_a_lock_file_that_a_killed_process_left_behind_does_not_matter(database: Database) -> None:
    file = Path(f"{Path(database.name).resolve()}{SUFFIX}")
    file.write_text("elsewhere:1\nlong ago, with more text than we write ourselves\n" * 3)
    lock = database.run_lock()
    assert lock.holder() == ""
    assert lock.try_acquire()
    assert "elsewhere" not in file.read_text()
    lock.release()


def test_a_lock_whose_file_was_deleted_or_replaced_is_not_held(database: Database) -> None:
    file = Path(f"{Path(database.name).resolve()}{SUFFIX}")
    lock = database.run_lock()
    assert lock.try_acquire()
    file.unlink()
    assert not lock.is_held()
    second = database.run_lock()
    assert second.try_acquire()
    lock.release()
    assert second.is_held(), "the release of a lost lock leaves another's file alone"
    second.release()


def test_two_names_of_one_file_share_the_lock(database: Database, tmp_path: Path) -> None:
    link = tmp_path / "link.sqlite3"
    run(database.connection, "CREATE TABLE box (id integer)")
    link.symlink_to(database.name)
    lock = database.run_lock()
    assert lock.try_acquire()
    with open_connection({**MEMORY, "NAME": str(link)}) as connection:
        assert not get_database(connection).run_lock().try_acquire()
    lock.release()


def test_a_folder_that_cannot_be_written_is_explained(database: Database) -> None:
    file = Path(f"{Path(database.name).resolve()}{SUFFIX}")
    file.mkdir()
    with pytest.raises(LockNotAcquired) as raised:
        database.run_lock().try_acquire()
    assert raised.value.message == (
        f"The run lock {file} cannot be opened: Is a directory. "
        "The user of this process must be able to write to the folder of the database."
    )
    file.rmdir()


@pytest.mark.parametrize("name", [":memory:", "file:shared?mode=memory&cache=shared"])
def test_a_database_in_memory_answers_every_question(name: str) -> None:
    with open_connection({**MEMORY, "NAME": name}) as connection:
        database = get_database(connection)
        run(connection, "CREATE TABLE box (id integer)", "INSERT INTO box VALUES (1)")
        first, second = database.run_lock(), database.run_lock()
        assert first.try_acquire()
        assert first.is_held()
        assert not second.try_acquire()
        assert f"process {os.getpid()}" in second.holder()
        first.release()
        assert second.holder() == ""
        assert second.try_acquire()
        second.release()
        assert database.tables() == ("box",)
        assert database.free_disk_bytes() is None
        assert (database.database_bytes() or 0) > 0
        assert database.missing_permissions() == ()
        assert database.is_reachable() == ""
        # Django keeps a database in memory open, since closing it would delete it.
        connection.connection.close()


def test_a_read_only_connection_is_told_so(database: Database) -> None:
    run(database.connection, "CREATE TABLE box (id integer)")
    assert database.missing_permissions() == ()
    with open_connection({**MEMORY, "NAME": f"file:{database.name}?mode=ro"}) as connection:
        read_only = get_database(connection)
        expected = (
            "write: the connection is read-only (mode=ro, immutable=1 or PRAGMA query_only)",
        )
        assert read_only.missing_permissions() == expected
    run(database.connection, "PRAGMA query_only = 1")
    assert database.missing_permissions() == expected
    run(database.connection, "PRAGMA query_only = 0", "INSERT INTO box VALUES (1)")


def test_a_file_and_folder_of_somebody_else_are_named(database: Database, tmp_path: Path) -> None:
    """As an ordinary user, which root has to become first."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("Only root can become another user.")
    file = tmp_path / "data" / "shop.sqlite3"
    file.parent.mkdir()
    for parent in [file.parent, *list(file.parent.parents)[:-1]]:
        parent.chmod(parent.stat().st_mode | 0o055)
    with open_connection({**MEMORY, "NAME": str(file)}) as connection:
        run(connection, "CREATE TABLE box (id integer)")
        expected = (
            f"write to the file {file}",
            f"create files in the folder {file.parent}, where SQLite keeps its journal",
        )
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                os.write(write_end, repr(get_database(connection).missing_permissions()).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert os.read(read_end, 10_000).decode() == repr(expected)


def test_a_writer_at_work_says_nothing_about_permissions(
    database: Database, other: Callable[..., BaseDatabaseWrapper]
) -> None:
    writer = other()
    run(writer, "CREATE TABLE box (id integer)", "BEGIN IMMEDIATE")
    assert database.missing_permissions() == ()
    run(writer, "ROLLBACK")


def test_an_expired_statement_is_explained_and_a_commit_is_not_interrupted(
    database: Database,
) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    run(database.connection, "CREATE TABLE box (id integer)")
    with database.timeouts(lock=None, statement=0.2):
        with pytest.raises(OperationalError) as raised:
            run(database.connection, f"INSERT INTO box {endless} SELECT count(*) FROM n")
        assert str(raised.value) == "The statement ran longer than its timeout of 0.2 s."
        with database.connection.cursor() as cursor:
            cursor.execute(f"{endless} SELECT i FROM n WHERE i < 5 OR i < 0")
            with pytest.raises(DatabaseError, match="interrupted"):
                cursor.fetchall()
        run(database.connection, "BEGIN", "INSERT INTO box VALUES (1)", "COMMIT")
    assert database.count_rows("box") == 1


def test_generated_columns_are_columns(database: Database) -> None:
    run(
        database.connection,
        "CREATE TABLE box (id integer, twice integer GENERATED ALWAYS AS (id * 2) VIRTUAL)",
    )
    assert database.columns("BOX") == ("id", "twice")


def test_a_foreign_key_that_names_no_columns_is_to_the_primary_key(database: Database) -> None:
    run(
        database.connection,
        "CREATE TABLE pair (b integer, a integer, PRIMARY KEY (a, b)) WITHOUT ROWID",
        "CREATE TABLE word (spelt text PRIMARY KEY)",
        "CREATE TABLE half (x integer, y integer, spelt text REFERENCES word, FOREIGN KEY (x, y) REFERENCES pair)",
    )
    found = {key.columns: key.referenced_columns for key in database.foreign_keys(["half"])}
    assert found == {("x", "y"): ("a", "b"), ("spelt",): ("spelt",)}


def test_a_django_program_with_a_database_in_memory_can_lock_it() -> None:
    program = (
        "from django.conf import settings\n"
        f"settings.configure(DATABASES={{'default': {MEMORY!r}}})\n"
        "from django.db import connection\n"
        "from django_safe_migrate.databases import get_database\n"
        "lock = get_database(connection).run_lock()\n"
        "print(lock.try_acquire(), lock.is_held())\n"
        "connection.connection.close()\n"
    )
    result: subprocess.CompletedProcess[Any] = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "True True\n"
