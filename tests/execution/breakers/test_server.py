"""Replicas that are really behind, and clients that are really connected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from django_safe_migrate import events
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.activity import MONITOR
from django_safe_migrate.execution.breakers.breaker import CannotTell
from django_safe_migrate.execution.breakers.server import ActiveConnections, ReplicaLag
from tests.databases.conftest import eventually, run
from tests.servers import Server
from tests.servers.base import configured as complete
from tests.servers.base import open_connection
from tests.servers.mariadb import MariaDBServer
from tests.servers.postgresql import PostgreSQLServer
from tests.servers.replicas import Standby, follow


@pytest.fixture
def primary(make_server: Callable[..., Server]) -> Any:
    """A PostgreSQL server with a replica: the entry of a database on each."""
    server = make_server("postgresql")
    assert isinstance(server, PostgreSQLServer)
    entry = server.create_database()
    standby = Standby(server)
    try:
        standby.start()
        yield entry, standby.database_settings(entry["NAME"])
    finally:
        standby.remove()


@pytest.mark.vendors("postgresql")
def test_a_replica_that_falls_behind_and_catches_up(
    primary: Any, configured: Any, watched: Any
) -> None:
    entry, replica = primary
    breaker = ReplicaLag(configured("REPLICA_LAG", "1s"))
    with open_connection(entry) as connection, open_connection(replica) as standby:
        run(connection, "CREATE TABLE t (id int)")
        began = watched(breaker, database=get_database(connection))
        assert began.stop.pauses == ()
        assert began.named(events.NOTICE) == []
        run(standby, "SELECT pg_wal_replay_pause()")

        def is_held() -> bool:
            run(connection, "INSERT INTO t VALUES (1)")
            return bool(began.stop.pauses)

        assert eventually(is_held, every=0.2)
        (reason,) = began.stop.pauses
        assert reason.startswith("Replica near is ")
        assert reason.endswith(" seconds behind, more than 1.")
        run(standby, "SELECT pg_wal_replay_resume()")
        assert eventually(lambda: not began.stop.pauses)
        assert [one["action"] for one in began.named(events.BREAKER_OPENED)] == ["pause"]
        (closed,) = began.named(events.BREAKER_CLOSED)
        assert closed["seconds"] > 0
        assert not began.stop.is_requested


@pytest.mark.vendors("postgresql")
def test_a_replica_may_be_asked_itself(
    primary: Any, configured: Any, watched: Any, connection: Any
) -> None:
    entry, replica = primary
    connections.settings["near"] = complete(replica)
    try:
        settings = configured("REPLICA_LAG", ABOVE="1s", REPLICAS=["near"])
        with open_connection(entry) as first, open_connection(replica) as standby:
            run(first, "CREATE TABLE t (id int)")
            began = watched(ReplicaLag(settings))
            assert began.stop.pauses == ()
            run(standby, "SELECT pg_wal_replay_pause()")
            run(first, "INSERT INTO t VALUES (1)")
            assert eventually(lambda: bool(began.stop.pauses))
            run(standby, "SELECT pg_wal_replay_resume()")
            assert eventually(lambda: not began.stop.pauses)
        began.watch.end()
    finally:
        del connections.settings["near"]


@pytest.mark.vendors("mariadb")
def test_a_replica_of_mariadb_is_asked_itself(
    make_server: Callable[..., Server], configured: Any, watched: Any, connection: Any
) -> None:
    server = make_server("mariadb", config=["--log-bin", "--server-id=1"])
    replica = make_server("mariadb", config=["--server-id=2", "--read-only"])
    assert isinstance(server, MariaDBServer)
    assert isinstance(replica, MariaDBServer)
    server.query("RESET MASTER")
    follow(server, replica, delay=600)
    entry = server.create_database()
    connections.settings["near"] = complete(replica.database_settings("mysql"))
    try:
        settings = configured("REPLICA_LAG", ABOVE="1s", REPLICAS=["near"])
        server.query("CREATE TABLE t (id int)", database=entry)
        began = watched(ReplicaLag(settings))
        assert eventually(lambda: bool(began.stop.pauses))
        (reason,) = began.stop.pauses
        assert reason.startswith("Replica near is ")
        replica.query("STOP SLAVE")
        replica.query("CHANGE MASTER TO MASTER_DELAY = 0")
        replica.query("START SLAVE")
        assert eventually(lambda: not began.stop.pauses)
        began.watch.end()
    finally:
        del connections.settings["near"]


@pytest.mark.vendors("mariadb", "sqlite")
def test_a_server_that_knows_no_replicas_says_so_once(configured: Any, watched: Any) -> None:
    began = watched(ReplicaLag(configured("REPLICA_LAG", "1s", EVERY="100ms")))
    assert eventually(lambda: len(began.named(events.NOTICE)) == 1)
    (notice,) = began.named(events.NOTICE)
    assert notice["message"].startswith("Breaker REPLICA_LAG is off: this server does not tell")
    assert began.watch.end()["blind"].keys() == {"REPLICA_LAG"}


@pytest.mark.vendors("postgresql", "mariadb")
def test_clients(configured: Any, connection: Any) -> None:
    database = get_database(connection)
    many = ActiveConnections(configured("ACTIVE_CONNECTIONS", "100%"))
    assert many.look(database) == ""
    none = ActiveConnections(configured("ACTIVE_CONNECTIONS", "1%"))
    assert none.look(database).endswith(" clients are connected, more than 0.6 (1 % of 60).")
    exact = ActiveConnections(configured("ACTIVE_CONNECTIONS", 0))
    assert exact.look(database).endswith(" clients are connected, more than 0.")


@pytest.mark.vendors("sqlite")
def test_a_database_without_clients(configured: Any, connection: Any) -> None:
    breaker = ActiveConnections(configured("ACTIVE_CONNECTIONS", "80%"))
    for database in (None, get_database(connection)):
        with pytest.raises(CannotTell, match="no clients to count"):
            breaker.look(database)


@pytest.mark.vendors("postgresql")
def test_a_lost_connection_is_opened_again(configured: Any, watched: Any, connection: Any) -> None:
    breaker = ActiveConnections(configured("ACTIVE_CONNECTIONS", 0, ACTION="pause", EVERY="100ms"))
    looked: list[str] = []
    look = breaker.look
    breaker.look = lambda database: looked.append("") or look(database)  # type: ignore[method-assign, func-returns-value]
    began = watched(breaker)
    assert eventually(lambda: bool(began.stop.pauses))
    mine = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s AND datname = current_database()"

    def sessions() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute(mine, [f"{MONITOR}%"])
            return {pid for (pid,) in cursor.fetchall()}

    before = sessions()
    assert len(before) == 1
    run(connection, f"SELECT pg_terminate_backend({before.pop()})")
    assert eventually(lambda: len(sessions()) == 1)
    looked.clear()
    assert eventually(lambda: len(looked) > 3)
    assert began.named(events.NOTICE) == []
    began.watch.end()
    assert eventually(lambda: sessions() == set())
