"""The run lock on MariaDB and MySQL: a named lock of a session, on a connection of its own."""

from __future__ import annotations

import contextlib
import hashlib
import socket
from typing import TYPE_CHECKING, Any

import psutil

from django_safe_migrate.databases.locks import (
    Owner,
    SessionRunLock,
    describe_process,
    owner_of,
    pooled,
)
from django_safe_migrate.databases.mysql.timeouts import IDLE_SECONDS

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.databases.base import Database

SESSION = "SELECT USER, HOST, TIME FROM information_schema.PROCESSLIST WHERE ID = %s"
#: The seconds that the server is up, and its clock.
UPTIME, CLOCK = "SHOW GLOBAL STATUS LIKE 'Uptime'", "SELECT UNIX_TIMESTAMP()"
#: What the client told of itself at connecting; off by default on MariaDB.
ATTRIBUTES = "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = %s"


class NamedRunLock(SessionRunLock):
    """
    ``GET_LOCK`` with the database's name in it, since such locks belong to the whole server.

    On a Galera cluster it belongs to one node: let all runs use the same one.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        # At most 64 characters are allowed, which a database's name alone may have.
        digest = hashlib.sha256(database.name.encode()).hexdigest()
        self.lock_name = f"django-safe-migrate:{digest[:32]}"
        self._number = 0

    def connect(self) -> BaseDatabaseWrapper:
        options = dict(self.database.connection.settings_dict["OPTIONS"])
        # It would cut the connection off when the server is slow to answer, and lose the lock.
        options.pop("read_timeout", None)
        return self.database.new_connection(OPTIONS=options, AUTOCOMMIT=True)

    def take(self, session: BaseDatabaseWrapper) -> bool:
        with session.cursor() as cursor:
            # Nothing is sent on this connection while a migration runs.
            cursor.execute("SET SESSION wait_timeout = %s", [IDLE_SECONDS])
        taken = bool(_one(session, "SELECT GET_LOCK(%s, 0)", [self.lock_name]))
        if taken and not self.has(session):
            raise pooled(self.database.alias)
        self._number = int(_one(session, "SELECT CONNECTION_ID()", []))
        return taken

    def has(self, session: BaseDatabaseWrapper) -> bool:
        return bool(_one(session, "SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", [self.lock_name]))

    def is_seen(self) -> bool:
        connection: Any = self.database.connection
        connection.ensure_connection()
        # On the driver's cursor, so that nobody takes this for SQL of a migration.
        with (
            connection.wrap_database_errors,
            contextlib.closing(connection.connection.cursor()) as cursor,
        ):
            cursor.execute("SELECT IS_USED_LOCK(%s)", [self.lock_name])
            return bool(cursor.fetchone()[0] == self._number)

    @property
    def session_name(self) -> str:
        return str(self._number) if self.session is not None and self._number else ""

    def oldest_session(self) -> float:
        # The numbers of sessions begin anew when the server does.
        return float(self.database.ask(CLOCK)[0][0]) - float(self.database.ask(UPTIME)[0][1])

    def give_back(self, session: BaseDatabaseWrapper) -> None:
        _one(session, "SELECT RELEASE_LOCK(%s)", [self.lock_name])

    def holder(self) -> str:
        number = self.database.ask("SELECT IS_USED_LOCK(%s)", [self.lock_name])[0][0]
        if number is None:
            return ""
        # Sessions of other accounts are seen by those only who have the PROCESS privilege.
        session = self.database.ask_if_permitted(SESSION, [number])
        user, address = session[0][:2] if session else ("", "")
        detail = f"{self.database.product} session {number}" + (f" of user {user}" if user else "")
        return describe_process(self._process(int(number), str(address)), "", detail)

    def owner(self) -> Owner | None:
        number = self.database.ask("SELECT IS_USED_LOCK(%s)", [self.lock_name])[0][0]
        if number is None:
            return None
        session = self.database.ask_if_permitted(SESSION, [number])
        address = str(session[0][1]) if session else ""
        return owner_of(self._process(int(number), address), str(number))

    def end(self, owner: Owner) -> None:
        with self.database.connection.cursor() as cursor:
            cursor.execute(f"KILL {int(owner.session)}")

    def _process(self, session: int, address: str) -> str:
        """Name the client as ``host:pid`` where that can be seen, else its host."""
        attributes = dict(self.database.ask_if_permitted(ATTRIBUTES, [session]) or ())
        host, _, port = address.partition(":")
        pid = attributes.get("_pid") or (_local_client(port) if port.isdigit() else None)
        if pid is None:
            return host
        return f"{socket.gethostname() if _is_local(host) else host}:{pid}"


def _is_local(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1", ""}


def _local_client(port: str) -> int | None:
    """Return the process of this machine whose end of a TCP connection has this port."""
    try:
        found = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return None
    return next(
        (item.pid for item in found if item.pid and item.laddr and item.laddr.port == int(port)),
        None,
    )


def _one(session: BaseDatabaseWrapper, sql: str, params: list[Any]) -> Any:
    with session.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]
