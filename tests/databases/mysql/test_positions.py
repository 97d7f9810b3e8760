from __future__ import annotations

import pytest

from django_safe_migrate.databases import get_database
from tests.servers.base import open_connection


@pytest.fixture(scope="module")
def server():
    from tests.conftest import start_or_skip
    from tests.servers import MariaDBServer

    config = ["--log-bin=shop-bin", "--server-id=7", "--binlog-ignore-db=left_out"]
    server = start_or_skip(lambda: MariaDBServer(config=config))
    server.start()
    yield server
    server.remove()


pytestmark = pytest.mark.mariadb


def test_a_position_moves_with_every_commit(server):
    with open_connection(server.create_database()) as connection:
        database = get_database(connection)
        first = database.position("ignored")
        connection.cursor().execute("CREATE TABLE item (id int)")
        second = database.position()
        assert database.point_in_time().possible is True
    assert (first.log, first.name, first.timeline) == ("binary log", "", None)
    file, offset = first.at.split(":")
    assert file == "shop-bin.000001"
    assert int(second.at.split(":")[1]) > int(offset)
    assert first.gtid.startswith("0-7-")
    assert first.gtid != second.gtid


def test_a_role_that_may_not_see_the_log(server):
    entry = server.create_database()
    server.query("CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'plain'")
    server.query(f"GRANT ALL ON {entry['NAME']}.* TO plain@'127.0.0.1'")
    with open_connection(entry | {"USER": "plain", "PASSWORD": "plain"}) as connection:
        database = get_database(connection)
        assert database.position() is None
        found = database.point_in_time()
    assert (found.possible, found.failing) == (None, "")
    assert found.why == (
        "log_bin is on, and this role may not ask where it is, which BINLOG MONITOR permits."
    )


def test_changes_that_are_not_logged(server):
    with open_connection(server.create_database("left_out")) as connection:
        found = get_database(connection).point_in_time()
        assert (found.possible, found.why) == (
            False,
            "The binary log leaves the database left_out out (binlog_do_db, binlog_ignore_db).",
        )
        connection.cursor().execute("SET SESSION sql_log_bin = 0")
        assert get_database(connection).position() is None
        assert get_database(connection).point_in_time().why == (
            "sql_log_bin is off for this session: the binary log lacks its changes."
        )


def test_a_server_without_a_log(mariadb_server):
    with open_connection(mariadb_server.database_settings("mysql")) as connection:
        found = get_database(connection).point_in_time()
        assert get_database(connection).position() is None
    assert (found.possible, found.why) == (
        False,
        "log_bin is off: this server writes no binary log.",
    )


@pytest.mark.parametrize(
    ("start", "stop", "files"),
    [
        ("a.000009:4", "a.000011:9", "a.000009 a.000010 a.000011"),
        ("a.000009:4", "a.000009:4", "a.000009"),
        ("a.000009:5", "a.000009:4", None),
        ("a.000009:5", "b.000009:9", None),
        ("", "b.000009:9", None),
    ],
)
def test_the_files_between(mariadb_server, start, stop, files):
    with open_connection(mariadb_server.database_settings("mysql")) as connection:
        commands = get_database(connection).replay({"at": start}, {"at": stop})
    assert bool(commands) == bool(files)
    if files:
        assert commands[1].endswith(f"--database=mysql {files} > replay.sql")
