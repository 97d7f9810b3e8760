"""The run lock on PostgreSQL: a session's advisory lock, on a connection of its own."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any

from django.db.utils import DatabaseError

from django_safe_migrate.databases.locks import (
    Owner,
    SessionRunLock,
    describe_process,
    owner_of,
    pooled,
    this_process,
)
from django_safe_migrate.databases.postgresql.pooler import shares_sessions
from django_safe_migrate.exceptions import LockNotAcquired

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

APPLICATION = "django-safe-migrate run lock"
#: The server cuts names of applications at this many bytes.
APPLICATION_LIMIT = 63

#: Advisory locks belong to one database, so one key serves all. Its name has no part in it: a run goes on under the old name
#: while a database is renamed.
_DIGEST = hashlib.sha256(APPLICATION.encode()).digest()
KEY = int.from_bytes(_DIGEST[:8], "big", signed=True)
#: How pg_locks shows a key of 64 bits: its halves, unsigned, and 1 for "one key of 64 bits".
_HALVES = (int.from_bytes(_DIGEST[:4], "big"), int.from_bytes(_DIGEST[4:8], "big"))

_OUR_LOCK = (
    "l.locktype = 'advisory' AND l.granted AND l.classid = %s AND l.objid = %s AND l.objsubid = 1 "
    "AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
)

#: The other side's sudden end is noticed after a minute and a half; the defaults of most systems take two hours. By us, by these
#: options of libpq, and by the server, which holds the lock, by settings of the same names with a prefix.
KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 20,
    "keepalives_count": 3,
}
SERVER_KEEPALIVE = (
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 20; SET tcp_keepalives_count = 3"
)


class AdvisoryRunLock(SessionRunLock):
    """``pg_try_advisory_lock``: never waited for in the server, where waiting deadlocks with CREATE INDEX CONCURRENTLY."""

    _pid = 0

    def connect(self) -> BaseDatabaseWrapper:
        return self._connection(
            f"{APPLICATION} {this_process(APPLICATION_LIMIT - len(APPLICATION) - 1)}"
        )

    def _connection(self, application: str) -> BaseDatabaseWrapper:
        options = {
            **self.database.connection.settings_dict["OPTIONS"],
            **KEEPALIVE,
            "application_name": application,
        }
        # A connection of a pool would be shared with others.
        options.pop("pool", None)
        return self.database.new_connection(OPTIONS=options, AUTOCOMMIT=True)

    def take(self, session: BaseDatabaseWrapper) -> bool:
        # Before the lock is taken, or anything set: a pooler would keep it in a session that we cannot reach again.
        if shares_sessions(session, lambda: self._connection(APPLICATION)):
            raise pooled(self.database.alias)
        # An idle session is what this lock needs; a limit on idleness would end it in the middle of a long migration.
        with contextlib.suppress(DatabaseError):
            _execute(session, "SET idle_session_timeout = 0")  # unknown before PostgreSQL 14
        # Without effect on a Unix socket, whose end is noticed at once.
        _execute(session, SERVER_KEEPALIVE)
        taken = bool(_one(session, "SELECT pg_catalog.pg_try_advisory_lock(%s)", [KEY]))
        if taken and not self.has(session):
            raise pooled(self.database.alias)
        self._pid = int(_one(session, "SELECT pg_catalog.pg_backend_pid()"))
        return taken

    def has(self, session: BaseDatabaseWrapper) -> bool:
        sql = f"SELECT count(*) FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() AND {_OUR_LOCK}"  # noqa: S608
        return bool(_one(session, sql, _HALVES))

    def is_seen(self) -> bool:
        sql = f"SELECT count(*) FROM pg_catalog.pg_locks l WHERE l.pid = %s AND {_OUR_LOCK}"  # noqa: S608
        connection = self.database.connection
        connection.ensure_connection()
        # On the driver's cursor, so that nobody takes this for SQL of a migration.
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(sql, [self._pid, *_HALVES])
            return bool(cursor.fetchone()[0])

    def give_back(self, session: BaseDatabaseWrapper) -> None:
        _one(session, "SELECT pg_catalog.pg_advisory_unlock(%s)", [KEY])

    def holder(self) -> str:
        sql = (
            "SELECT l.pid, a.application_name, a.usename, date_trunc('second', a.backend_start)::text "  # noqa: S608
            f"FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE {_OUR_LOCK}"
        )
        rows = self.database.ask_if_permitted(sql, _HALVES)
        if not rows:
            return ""
        pid, application, user, since = rows[0]
        process = (application or "").removeprefix(APPLICATION).strip()
        detail = f"PostgreSQL session {pid}" + (f" of role {user}" if user else "")
        return describe_process(process, since or "", detail) if process else detail

    def owner(self) -> Owner | None:
        sql = (
            "SELECT l.pid, a.application_name, a.backend_start "  # noqa: S608
            f"FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE {_OUR_LOCK}"
        )
        rows = self.database.ask_if_permitted(sql, _HALVES)
        if not rows:
            return None
        pid, application, since = rows[0]
        process = (application or "").removeprefix(APPLICATION).strip()
        return owner_of(process, str(pid), since.isoformat() if since else "")

    def end(self, owner: Owner) -> None:
        sql = "SELECT pg_catalog.pg_terminate_backend(%s)"
        if self.database.ask_if_permitted(sql, [int(owner.session)]) is None:
            raise LockNotAcquired(
                f"This role may not end session {owner.session} of the server. "
                f"A role with pg_signal_backend may: SELECT pg_terminate_backend({owner.session});"
            )


def _execute(session: BaseDatabaseWrapper, sql: str) -> None:
    with session.cursor() as cursor:
        cursor.execute(sql)


def _one(session: BaseDatabaseWrapper, sql: str, params: Any = None) -> Any:
    with session.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]
