"""A prepared database that is put back quickly, again and again, under the same name; and what its server can be asked and told."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

#: Seconds to wait for what is sure to come, on a machine however busy.
SECONDS = 300.0


def copies_of(database: Mapping[str, Any]) -> Copies:
    """Return the copies of a database, given by its entry in DATABASES."""
    return _KINDS[database["ENGINE"]](database)


def wait_until(condition: Any, what: str) -> None:
    """Wait for a condition, for as long as a busy machine may need."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come about within {SECONDS:g} s.")
        time.sleep(0.01)


class Copies(ABC):
    """One database, kept as it is at the moment of `keep`."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        self.database = database
        self.name = str(database["NAME"])

    @abstractmethod
    def keep(self) -> None:
        """Keep the database as it is now."""

    @abstractmethod
    def put_back(self) -> None:
        """Make the database what it was when it was kept."""

    @abstractmethod
    def sessions(self) -> int:
        """Return how many sessions there are on it."""

    @abstractmethod
    def cut(self, connection: Any) -> None:
        """End the session of a connection of Django's, as an administrator would, and wait until it is gone."""

    def wait_for_end(self) -> None:
        """Wait until the server has noticed that its clients are gone, and has finished what they asked for."""
        wait_until(lambda: self.sessions() == 0, "The end of all sessions")


class SQLiteCopies(Copies):
    """A file."""

    def keep(self) -> None:
        shutil.copyfile(self.name, self._kept)

    def put_back(self) -> None:
        path = Path(self.name)
        for left in path.parent.glob(f"{path.name}*"):
            if left != self._kept:
                left.unlink()
        shutil.copyfile(self._kept, self.name)

    def sessions(self) -> int:
        return 0

    def cut(self, connection: Any) -> None:
        raise NotImplementedError("A file has no sessions.")

    @property
    def _kept(self) -> Path:
        return Path(f"{self.name}.kept")


class PostgreSQLCopies(Copies):
    """`CREATE DATABASE ... TEMPLATE`."""

    def keep(self) -> None:
        self._copy(self.name, f"{self.name}_kept")

    def put_back(self) -> None:
        self._copy(f"{self.name}_kept", self.name)

    def _copy(self, source: str, target: str) -> None:
        with self._server() as server:
            server.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
            # A copied page of a sequence says that numbers ahead of it are logged, which is so in the log of the source only: after a
            # crash the sequence would be behind its table. Numbers are logged anew after a checkpoint.
            server.execute("CHECKPOINT")

    def sessions(self) -> int:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        with self._server() as server:
            return int(server.execute(sql, [self.name]).fetchone()[0])

    def cut(self, connection: Any) -> None:
        if connection.connection is None or connection.connection.closed:
            return
        pid = connection.connection.info.backend_pid
        with self._server() as server:
            server.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])

    @contextlib.contextmanager
    def _server(self) -> Iterator[Any]:
        import psycopg

        entry = self.database
        with psycopg.connect(
            dbname="postgres",
            user=entry["USER"],
            password=entry["PASSWORD"],
            host=entry["HOST"],
            port=entry["PORT"],
            autocommit=True,
        ) as connection:
            yield connection


class MariaDBCopies(Copies):
    """The statements that `mariadb-dump` writes, carried out again."""

    def keep(self) -> None:
        program = shutil.which("mariadb-dump") or shutil.which("mysqldump")
        assert program
        entry = self.database
        arguments = [f"--user={entry['USER']}", f"--host={entry['HOST']}", f"--port={entry['PORT']}"]  # fmt: skip
        written = subprocess.run(
            [program, "--no-defaults", *arguments, "--skip-comments", "--compact", self.name],
            env={"MYSQL_PWD": entry["PASSWORD"]},
            capture_output=True,
            check=True,
        )
        self._kept.write_bytes(written.stdout)

    def put_back(self) -> None:
        lines = self._kept.read_text().splitlines()
        statements = "\n".join(line for line in lines if "sandbox mode" not in line)
        with self._server() as server, contextlib.closing(server.cursor()) as cursor:
            cursor.execute(
                f"SET FOREIGN_KEY_CHECKS = 0; DROP DATABASE IF EXISTS `{self.name}`; "
                f"CREATE DATABASE `{self.name}` CHARACTER SET utf8mb4; USE `{self.name}`; {statements}"
            )
            while cursor.nextset() is not None:
                continue

    def sessions(self) -> int:
        # The run lock's sessions are connected to the database as well.
        sql = "SELECT count(*) FROM information_schema.processlist WHERE db = %s"
        with self._server() as server, contextlib.closing(server.cursor()) as cursor:
            cursor.execute(sql, [self.name])
            return int(cursor.fetchone()[0])

    def cut(self, connection: Any) -> None:
        if connection.connection is None:
            return
        session = connection.connection.thread_id()
        count = "SELECT count(*) FROM information_schema.processlist WHERE id = %s"
        with self._server() as server, contextlib.closing(server.cursor()) as cursor:

            def is_gone() -> bool:
                cursor.execute(count, [session])
                return cursor.fetchone()[0] == 0

            if not is_gone():
                cursor.execute(f"KILL {session}")
            wait_until(is_gone, "The end of the session")

    @contextlib.contextmanager
    def _server(self) -> Iterator[Any]:
        import MySQLdb
        from MySQLdb.constants import CLIENT

        entry = self.database
        with contextlib.closing(
            MySQLdb.connect(
                user=entry["USER"],
                password=entry["PASSWORD"],
                host=entry["HOST"],
                port=int(entry["PORT"]),
                charset="utf8mb4",
                autocommit=True,
                client_flag=CLIENT.MULTI_STATEMENTS,
            )
        ) as connection:
            yield connection

    @property
    def _kept(self) -> Path:
        # Beside the journals: the folder of the project is the working directory.
        return Path(f"{self.name}.kept.sql").resolve()


_KINDS: dict[str, type[Copies]] = {
    "django.db.backends.sqlite3": SQLiteCopies,
    "django.db.backends.postgresql": PostgreSQLCopies,
    "django.db.backends.mysql": MariaDBCopies,
}
