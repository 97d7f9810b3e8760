from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.postgresql import positions
from tests.servers import processes
from tests.servers.base import open_connection


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that archives as long as the file `works` is in its archive."""
    from tests.conftest import start_or_skip
    from tests.servers import PostgreSQLServer

    server = start_or_skip(PostgreSQLServer)
    archive = server.folder / "archive"
    processes.give_to(server.account, archive)
    server.config = [
        "archive_mode = on",
        f"archive_command = 'test -f {archive}/works && cp %p {archive}/%f'",
    ]
    server.start()
    (archive / "works").touch()
    yield server
    server.remove()


@pytest.fixture
def works(server) -> Path:
    """The file that makes the archive work."""
    file = server.folder / "archive" / "works"
    file.touch()
    return file


@pytest.fixture
def database(server):
    with open_connection(server.create_database()) as connection:
        yield get_database(connection)


def wait_for(condition):
    while not condition():
        time.sleep(0.02)


def test_a_position_has_a_restore_point(database):
    first, second = database.position("one"), database.position("two")
    assert (first.log, first.timeline, first.name, first.remark) == ("WAL", 1, "one", "")
    assert database.ask("SELECT %s::pg_lsn < %s::pg_lsn", [first.at, second.at]) == [(True,)]
    assert database.position().name == ""


def test_a_role_that_may_not_name_points(server, database):
    server.query("CREATE ROLE plain LOGIN PASSWORD 'plain'")
    with contextlib.ExitStack() as stack:
        stack.callback(server.query, "DROP ROLE plain")
        entry = server.database_settings(database.name) | {"USER": "plain", "PASSWORD": "plain"}
        plain = get_database(stack.enter_context(open_connection(entry)))
        found = plain.position("one")
        assert (found.name, found.remark) == ("", positions.NO_NAME)
        assert plain.archive_now(1.0).startswith("this role may not call pg_switch_wal()")
        server.query(
            "GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO plain", None, database.name
        )
        assert plain.position("one").name == "one"
        server.query(
            "REVOKE EXECUTE ON FUNCTION pg_create_restore_point(text) FROM plain",
            None,
            database.name,
        )
        stack.enter_context(contextlib.closing(plain.connection))


def test_an_archive_that_works_fails_and_works_again(database, works):
    database.ask("SELECT pg_create_restore_point('something to archive')")
    assert database.archive_now(30.0) == ""
    found = database.point_in_time()
    assert (found.possible, found.failing) == (True, "")
    works.unlink()
    database.ask("SELECT pg_create_restore_point('something to archive')")
    assert "was not archived within 0 s (last: 0000000100000000000000" in database.archive_now(0.0)
    wait_for(lambda: database.point_in_time().failing)
    found = database.point_in_time()
    assert found.possible is False
    assert found.why.startswith("WAL is not archived: the last attempt, at 00000001")
    works.touch()
    assert database.archive_now(90.0) == ""
    assert database.point_in_time().possible is True


def test_a_server_that_archives_nothing(postgresql_server):
    with open_connection(postgresql_server.database_settings("postgres")) as connection:
        database = get_database(connection)
        assert database.position("one") is None
        assert database.position("one", always=True).name == "one"
        found = database.point_in_time()
        assert (found.possible, found.failing) == (False, "")
        assert found.why.startswith("archive_mode is off")
        assert database.archive_now(1.0) == ""


@pytest.mark.parametrize(
    ("archived", "now", "size", "between"),
    [
        ("000000010000000000000004", "000000010000000000000005", 16, 0),
        ("0000000100000000000000FE", "000000010000000100000001", 16, 2),
        ("000000010000000000000003", "000000010000000100000000", 1024, 0),
        ("000000010000000000000004.00000028.backup", "000000010000000000000007", 16, 2),
        ("00000002.history", "000000020000000000000007", 16, None),
        ("000000010000000000000004", "000000020000000000000007", 16, None),
    ],
)
def test_segments_that_wait(archived, now, size, between):
    assert positions._segments_between(archived, now, size * 1024 * 1024) == between
