"""The tables that the cases are about, on each server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.databases.conftest import run
from tests.servers import Server
from tests.servers.base import open_connection

SCHEMA = Path(__file__).parent / "cases" / "schema.sql"


@pytest.fixture(scope="package", params=["postgresql_server", "postgresql18_server"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """PostgreSQL of the oldest and of the newest version that there is to measure on, with a place and a way to put tables elsewhere."""
    found: Server = request.getfixturevalue(request.param)
    with open_connection(found.database_settings(found.maintenance_database)) as connection:
        run(
            connection,
            "SET allow_in_place_tablespaces = on",
            "CREATE TABLESPACE other_place LOCATION ''",
        )
    yield found
    found.query("DROP TABLESPACE other_place")


@pytest.fixture(scope="package")
def template(server: Server) -> Iterator[dict[str, Any]]:
    """A database with the tables, to be copied."""
    entry = server.create_database()
    with open_connection(entry) as connection:
        run(
            connection,
            "CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler",
            SCHEMA.read_text(),
        )
    yield entry
    server.drop_database(entry)


@pytest.fixture
def copy(server: Server, template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A database of its own with the tables, for a statement that cannot be rolled back."""
    name = f"{template['NAME']}_copy"
    server.query(f'CREATE DATABASE "{name}" TEMPLATE "{template["NAME"]}"')
    entry = server.database_settings(name)
    yield entry
    server.drop_database(entry)


@pytest.fixture(scope="package")
def shared(server: Server, template: dict[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """A connection to a database with the tables, in which every change is rolled back."""
    name = f"{template['NAME']}_shared"
    server.query(f'CREATE DATABASE "{name}" TEMPLATE "{template["NAME"]}"')
    entry = server.database_settings(name)
    with open_connection(entry) as connection:
        yield connection
    server.drop_database(entry)
