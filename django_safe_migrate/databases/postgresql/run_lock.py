"""The run lock on PostgreSQL: a session's advisory lock, on a connection of its own."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.utils import DatabaseError

from django_safe_migrate.databases.locks import SessionRunLock, describe_process, this_process
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
        # An idle session is what this lock needs; a limit on idleness would end it in the middle of a long migration.
        with contextlib.suppress(DatabaseError):
            _execute(session, "SET idle_session_timeout = 0")  # unknown before PostgreSQL 14
        # Without effect on a Unix socket, whose end is noticed at once.
        _execute(session, SERVER_KEEPALIVE)
        # Before the lock is taken: a pooler would keep it in a session that we cannot reach again.
        self._refuse_pooler(session)
        taken = bool(_one(session, "SELECT pg_catalog.pg_try_advisory_lock(%s)", [KEY]))
        if taken and not self.has(session):
            raise _pooled(self.database.alias)
        return taken

    def has(self, session: BaseDatabaseWrapper) -> bool:
        sql = f"SELECT count(*) FROM pg_catalog.pg_locks l WHERE l.pid = pg_catalog.pg_backend_pid() AND {_OUR_LOCK}"  # noqa: S608
        return bool(_one(session, sql, _HALVES))

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

    def _refuse_pooler(self, session: BaseDatabaseWrapper) -> None:
        """
        Raise when a pooler gives each statement or transaction any session of the server that is free.

        The process id that the server names at connecting is one that the pooler made up, if there is one. Then an open
        transaction elsewhere shows whether the pooler shares our session: it takes the session that we used last.
        """
        mine = _one(session, "SELECT pg_catalog.pg_backend_pid()")
        if _announced_pid(session) == mine:
            return
        with self._other_transaction() as other:
            theirs = _one(other, "SELECT pg_catalog.pg_backend_pid()")
            if mine in {theirs} or _one(session, "SELECT pg_catalog.pg_backend_pid()") != mine:
                raise _pooled(self.database.alias)

    @contextlib.contextmanager
    def _other_transaction(self) -> Iterator[BaseDatabaseWrapper]:
        other = self._connection(APPLICATION)
        try:
            _execute(other, "BEGIN")
            yield other
            _execute(other, "ROLLBACK")
        finally:
            other.close()


def _announced_pid(session: BaseDatabaseWrapper) -> int:
    info: Any = session.connection.info
    return int(info.backend_pid)


def _execute(session: BaseDatabaseWrapper, sql: str) -> None:
    with session.cursor() as cursor:
        cursor.execute(sql)


def _one(session: BaseDatabaseWrapper, sql: str, params: Any = None) -> Any:
    with session.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def _pooled(alias: str) -> LockNotAcquired:
    return LockNotAcquired(
        f"Database {alias!r} is reached through a connection pooler in transaction mode. There a session does not belong to "
        "its client, so neither the run lock nor lock timeouts can be relied on. Run migrations on a connection that leads "
        "to the server itself or to a pool in session mode, for example with another HOST and PORT in DATABASES for this command."
    )
