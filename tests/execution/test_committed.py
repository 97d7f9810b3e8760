from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate.databases import get_database
from django_safe_migrate.execution.committed import is_recorded
from tests.servers import PostgreSQLServer
from tests.servers.base import open_connection

KEY = ("shop", "0001_initial")
COMMITTING = (
    "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"
)


def test_a_session_that_answers_tells_it(connection: BaseDatabaseWrapper) -> None:
    database, recorder = get_database(connection), MigrationRecorder(connection)
    recorder.ensure_schema()
    assert is_recorded(database, *KEY) is False
    connection.set_autocommit(False)
    recorder.record_applied(*KEY)
    # What was not committed is given up.
    assert is_recorded(database, *KEY) is False
    connection.set_autocommit(True)
    recorder.record_applied(*KEY)
    assert is_recorded(database, *KEY) is True


@pytest.mark.slow
def test_of_a_commit_whose_session_is_lost_only_what_is_seen_is_told(
    make_server: Callable[..., Any],
) -> None:
    """The server goes on waiting for a standby, and shows nothing of the transaction until then."""
    config = ["synchronous_commit = local", "synchronous_standby_names = 'nobody'"]
    server: PostgreSQLServer = make_server("postgresql", config=config)
    entry = server.create_database()
    with open_connection(entry) as connection, open_connection(entry) as other:
        MigrationRecorder(connection).ensure_schema()
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = remote_apply")
        MigrationRecorder(connection).record_applied(*KEY)
        connection.connection.pgconn.send_query(b"COMMIT")
        session = wait_for(lambda: get_database(other).ask(COMMITTING))[0][0]
        lost = socket.socket(fileno=connection.connection.pgconn.socket)
        lost.shutdown(socket.SHUT_RDWR)
        lost.detach()
        assert is_recorded(get_database(connection), *KEY) is None
        get_database(other).ask("SELECT pg_cancel_backend(%s)", [session])
        wait_for(lambda: not get_database(other).ask(COMMITTING))
        assert is_recorded(get_database(connection), *KEY) is True


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found
