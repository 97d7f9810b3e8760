"""Cancelling a statement of MariaDB and MySQL, on another connection: the protocol has no request for it."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

from django.db.backends.signals import connection_created
from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate.databases.cancelling import REACH_SECONDS

if TYPE_CHECKING:
    from django_safe_migrate.databases.mysql.database import MySQLDatabase

#: The session, and the server that counts it so: behind one address there may be several.
SERVER = "SELECT @@hostname, @@port, @@server_id"
SESSION = (
    "SELECT ID, HOST, @@hostname, @@port, @@server_id "
    "FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()"
)
#: Numbers begin anew when a server does; the client's address tells sessions of one number apart.
IS_BUSY = "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %s AND HOST = %s AND COMMAND <> 'Sleep'"


@dataclasses.dataclass(frozen=True, slots=True)
class _Session:
    number: int
    client: str
    server: tuple[Any, ...]


class StatementCanceller:
    """
    ``KILL QUERY``, which ends a statement and leaves its session (https://mariadb.com/kb/en/kill/).

    The session's number is asked for in its own thread, now and whenever Django opens another session: a driver may refuse to tell it while
    a statement runs. The other connection is made for each call; it must lead to the same server, else nothing is done.
    """

    def __init__(self, database: MySQLDatabase) -> None:
        self._database = database
        self._session: _Session | None = None
        self._note_session()
        # Held by a weak reference: it goes when this object does.
        connection_created.connect(self._on_connection)

    def __call__(self) -> None:
        session = self._session
        if session is None:
            return
        with contextlib.closing(self._connect()) as raw, contextlib.closing(raw.cursor()) as cursor:
            cursor.execute(SERVER)
            if tuple(cursor.fetchone()) != session.server:
                return
            cursor.execute(IS_BUSY, [session.number, session.client])
            if cursor.fetchone() is not None:
                cursor.execute(f"KILL QUERY {session.number}")

    def _connect(self) -> Any:
        """Open a connection of the driver's, so that no code of the project is called in this thread."""
        options = dict(self._database.connection.settings_dict["OPTIONS"])
        options |= {
            "connect_timeout": REACH_SECONDS,
            "read_timeout": REACH_SECONDS,
            "write_timeout": REACH_SECONDS,
        }
        other: Any = self._database.new_connection(OPTIONS=options)
        return other.get_new_connection(other.get_connection_params())

    def _on_connection(self, connection: Any, **others: Any) -> None:
        if connection is self._database.connection:
            self._note_session()

    def _note_session(self) -> None:
        """Ask on the driver's cursor, so that nobody takes this for SQL of a migration."""
        connection: Any = self._database.connection
        self._session = None
        try:
            connection.ensure_connection()
            with (
                connection.wrap_database_errors,
                contextlib.closing(connection.connection.cursor()) as cursor,
            ):
                cursor.execute(SESSION)
                number, client, *server = cursor.fetchone()
        except (DatabaseError, InterfaceError):
            # Whatever is asked next of a session that is gone tells so itself; nothing runs there that could be cancelled.
            return
        self._session = _Session(int(number), client, tuple(server))
