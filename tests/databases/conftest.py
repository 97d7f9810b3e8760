"""The adapter of a fresh database on each vendor, and sessions of others that get in its way."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database
from tests.servers import Server


@pytest.fixture
def database(connection: BaseDatabaseWrapper) -> Database:
    """Our view of a fresh database, on each vendor in turn."""
    return get_database(connection)


@pytest.fixture
def other(connection: BaseDatabaseWrapper) -> Iterator[Callable[..., BaseDatabaseWrapper]]:
    """Open further sessions on the same database; keyword arguments replace keys of its entry."""
    opened: list[BaseDatabaseWrapper] = []

    def open_session(**settings: Any) -> BaseDatabaseWrapper:
        session = connection.copy()
        session.settings_dict.update(settings)
        opened.append(session)
        return session

    yield open_session
    for session in opened:
        with contextlib.suppress(Exception):
            session.close()


@pytest.fixture
def role(vendor_server: Server, database_settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Another role without privileges, as keys of a DATABASES entry."""
    entry = {"USER": "limited_role", "PASSWORD": "limited"}
    if vendor_server.name == "postgresql":
        vendor_server.query("CREATE ROLE limited_role LOGIN PASSWORD 'limited'")
    else:
        vendor_server.query("CREATE USER limited_role@'127.0.0.1' IDENTIFIED BY 'limited'")
    yield entry
    if vendor_server.name == "postgresql":
        vendor_server.query("DROP OWNED BY limited_role", database=database_settings)
        vendor_server.query("DROP ROLE limited_role")
    else:
        vendor_server.query("DROP USER limited_role@'127.0.0.1'")


def run(connection: BaseDatabaseWrapper, *statements: str) -> list[tuple[Any, ...]]:
    """Execute statements and return the rows of the last one."""
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
            rows = list(cursor.fetchall()) if cursor.description else []
    return rows


def eventually(condition: Callable[[], bool], every: float = 0.05) -> bool:
    """Wait for what the server does by itself after a client is gone."""
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
