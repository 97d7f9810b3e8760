"""Cancelling a statement of PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.cancelling import REACH_SECONDS, Cancel

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database


def statement_canceller(database: Database) -> Cancel:
    """
    Return a function that sends a cancel request of the protocol, which names the session by a secret that only its client knows.

    A session that does nothing ignores it. A pooler hands it on to the session of the server that works for its client, if one does
    (https://www.pgbouncer.org/changelog.html, 1.18).
    """

    def cancel() -> None:
        raw: Any = database.connection.connection
        if raw is None or raw.closed:
            return
        # psycopg 3.2; older ones, and psycopg2, have only the request that no bound of time and no TLS apply to.
        if hasattr(raw, "cancel_safe"):
            raw.cancel_safe(timeout=REACH_SECONDS)
        else:
            raw.cancel()

    return cancel
