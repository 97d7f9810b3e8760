"""Sessions that do nothing but be there: each in a transaction with locks on many tables, some of them waiting for one that another holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from django.db import Error

from tests.projects import Project
from tests.servers.base import open_connection

#: Sessions that wait, of those of a crowd.
WAITING = 20
#: Tables on which each of the others holds a lock.
TABLES = 20
#: Seconds that the last of a crowd has to leave.
PATIENCE = 60.0

_HOLD = {
    "postgresql": "LOCK TABLE crowd_0 IN SHARE ROW EXCLUSIVE MODE",
    "mysql": "SELECT id FROM crowd_0 WHERE id = 1 FOR UPDATE",
}
#: A concurrent index build waits for every session that has a snapshot, and one that waits for a lock has (the catalogue's). It does not wait for
#: VACUUM, whose snapshot it ignores (``WaitForOlderSnapshots`` in PostgreSQL's ``indexcmds.c``).
_WAIT = {**_HOLD, "postgresql": "VACUUM crowd_0"}
_PATIENT = {"mysql": "SET SESSION innodb_lock_wait_timeout = 3600"}


@contextmanager
def crowd(project: Project, sessions: int) -> Iterator[None]:
    """Let so many sessions be there while the block runs."""
    if not sessions:
        yield
        return
    for number in range(TABLES + 1):
        project.sql(f"CREATE TABLE crowd_{number} (id integer PRIMARY KEY)")
        project.sql(f"INSERT INTO crowd_{number} VALUES (1)")  # noqa: S608 - a number
    vendor = project.server.vendor
    with ExitStack() as stack:
        for _ in range(sessions - WAITING - 1):
            _hold(
                stack,
                project,
                *(f"SELECT id FROM crowd_{number}" for number in range(1, TABLES + 1)),  # noqa: S608 - a number
            )
        _hold(stack, project, _HOLD[vendor])
        waiting = [
            threading.Thread(target=_wait, args=(project, vendor), daemon=True)
            for _ in range(WAITING)
        ]
        for thread in waiting:
            thread.start()
        yield
    for thread in waiting:
        thread.join(PATIENCE)


def _hold(stack: ExitStack, project: Project, *statements: str, autocommit: bool = False) -> Any:
    connection = stack.enter_context(open_connection(project.databases["default"]))
    connection.set_autocommit(autocommit)
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
            if cursor.description:
                cursor.fetchall()
    return connection


def _wait(project: Project, vendor: str) -> None:
    """Wait until the one that is waited for leaves; the server may be gone by then."""
    with suppress(Error), ExitStack() as stack:
        statements = (*filter(None, (_PATIENT.get(vendor),)), _WAIT[vendor])
        _hold(stack, project, *statements, autocommit=vendor == "postgresql")
