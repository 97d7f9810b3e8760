"""Whether a pooler gives our session of PostgreSQL to others between our transactions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.utils import DatabaseError

from django_safe_migrate.databases.postgresql import errors

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

PID = "SELECT pg_catalog.pg_backend_pid()"
#: How often we ask which session is ours, while a transaction is open elsewhere.
QUESTIONS = 20
#: What PgBouncer says to a transaction in statement mode: an error of its own without a class of PostgreSQL's.
STATEMENT_MODE = "statement pooling"


def shares_sessions(
    session: BaseDatabaseWrapper, connect: Callable[[], BaseDatabaseWrapper]
) -> bool:
    """
    Whether a pooler gives each statement or transaction any session of the server that is free.

    The process number that the server names at connecting is one that a pooler made up, if there is one; without one this costs one
    question. Behind a pooler two transactions, opened elsewhere one after the other, show whether ours is shared. A pooler that hands out
    the session used last gives it to the first of them; one that hands them out in turn either gives us another one for our next question,
    or has only ours left for the second transaction. Where other clients take and give back sessions meanwhile, chance may give us the same
    one again, but not each of many times.

    Args:
        session: outside of a transaction.
        connect: makes another connection on the same way to the server.
    """
    mine = _pid(session)
    if _announced_pid(session) == mine:
        return False
    with contextlib.ExitStack() as others:
        for _ in range(2):
            theirs = others.enter_context(_transaction(connect()))
            if theirs in {None, mine} or any(_pid(session) != mine for _ in range(QUESTIONS)):
                return True
    return False


@contextlib.contextmanager
def _transaction(other: BaseDatabaseWrapper) -> Iterator[int | None]:
    """Open a transaction on a connection, and yield the process that serves it; None where transactions are refused."""
    try:
        theirs = _begin(other)
        yield theirs
        if theirs is not None:
            with other.cursor() as cursor:
                cursor.execute("ROLLBACK")
    finally:
        other.close()


def _begin(other: BaseDatabaseWrapper) -> int | None:
    other.ensure_connection()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
    except DatabaseError as error:
        if STATEMENT_MODE not in str(error) and errors.sqlstate(error)[:2] not in {"25", "08"}:
            raise
        return None
    return _pid(other)


def _announced_pid(session: BaseDatabaseWrapper) -> int:
    connection: Any = session.connection
    return int(connection.info.backend_pid)


def _pid(session: BaseDatabaseWrapper) -> int:
    """Ask on the driver's cursor, so that nobody takes this for SQL of a migration."""
    session.ensure_connection()
    connection: Any = session.connection
    with session.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(PID)
        return int(cursor.fetchone()[0])
