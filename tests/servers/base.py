"""What every test server can do, so that a test need not know which vendor it runs on."""

from __future__ import annotations

import atexit
import contextlib
import copy
import functools
import os
import secrets
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from tests.servers.folders import make_server_folder

# Characters that break shell strings, connection URIs and option files when they are not quoted.
PASSWORD = "tell-no-one:p@ss/w%rd #1'\""  # noqa: S105


class ServerUnavailable(RuntimeError):
    """This machine cannot run the server; the message says what to install."""


class Server(ABC):
    """A database server that belongs to the tests alone."""

    name: ClassVar[str]
    """How tests call it: `sqlite`, `postgresql`, `mariadb`."""
    vendor: ClassVar[str]
    """Django's `connection.vendor`."""

    user: str = "safe_migrate"
    password: str = PASSWORD
    bin_dir: Path | None = None
    """Where this server's client tools are, when they are not on PATH."""
    port: int | None = None

    def __init__(self) -> None:
        self.folder = make_server_folder(self.name)
        atexit.register(self.remove)

    @abstractmethod
    def start(self) -> None:
        """Create the server's files when there are none, start it and wait until it answers."""

    @abstractmethod
    def stop(self) -> None:
        """Shut down in an orderly way; does nothing when it is not running."""

    @abstractmethod
    def kill(self) -> None:
        """End every process of the server at once, as a crash would."""

    @property
    @abstractmethod
    def is_running(self) -> bool:
        """Whether the server's main process is alive."""

    @property
    @abstractmethod
    def version(self) -> str:
        """The version of the program, such as `16.14`."""

    @abstractmethod
    def database_settings(self, name: str) -> dict[str, Any]:
        """Return the entry for Django's DATABASES that reaches the database `name`."""

    @abstractmethod
    def create_database(self, name: str | None = None) -> dict[str, Any]:
        """Make an empty database and return its entry for Django's DATABASES."""

    @abstractmethod
    def drop_database(self, database: str | dict[str, Any]) -> None:
        """Drop a database, by name or by its DATABASES entry, even while sessions use it."""

    def restart(self) -> None:
        """Stop and start again on the same port with the same data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        atexit.unregister(self.remove)
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """Return a copy of `os.environ` whose PATH finds this server's client tools first."""
        environment = dict(os.environ)
        if self.bin_dir is not None:
            environment["PATH"] = f"{self.bin_dir}{os.pathsep}{environment.get('PATH', os.defpath)}"
        return environment

    def query(
        self, sql: str, params: Any = None, database: str | dict[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """Run one statement in autocommit and return its rows."""
        entry = (
            database if isinstance(database, dict) else self.database_settings(self._name(database))
        )
        with open_connection(entry) as connection, connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall()) if cursor.description else []

    def _name(self, database: str | dict[str, Any] | None) -> str:
        if isinstance(database, dict):
            return str(database["NAME"])
        return database if database is not None else self.maintenance_database

    maintenance_database: str = ""
    """The database that always exists."""


def new_database_name() -> str:
    """Return a name that no other database of this run has."""
    return f"test_{secrets.token_hex(6)}"


@contextlib.contextmanager
def open_connection(entry: dict[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """
    Open a Django connection of its own to a DATABASES entry and close it afterwards.

    Django looks connections up by alias even from within themselves, so it is known under an alias of its
    own meanwhile. pytest-django's guard against accidental access to the project's test database replaces
    `ensure_connection`, and does not concern this database.
    """
    alias = f"opened_{secrets.token_hex(6)}"
    known = connections.settings
    known[alias] = configured(entry)
    connection = connections[alias]
    connection.ensure_connection = functools.partial(_connect_once, connection)  # type: ignore[method-assign]
    try:
        yield connection
    finally:
        connection.close()
        del connections[alias], known[alias]


def configured(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a DATABASES entry with every default that Django fills in."""
    return ConnectionHandler({DEFAULT_DB_ALIAS: copy.deepcopy(entry)}).settings[DEFAULT_DB_ALIAS]


def _connect_once(connection: BaseDatabaseWrapper) -> None:
    if connection.connection is None:
        with connection.wrap_database_errors:
            connection.connect()
