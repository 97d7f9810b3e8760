"""Interrupting a statement of SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.cancelling import Cancel

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database


def statement_canceller(database: Database) -> Cancel:
    """
    Return a function that sets the flag which a running statement looks at (https://www.sqlite.org/c3ref/interrupt.html).

    Without a statement that runs it is without effect. A wait for the lock of the file is not interrupted: it ends with its own timeout.
    """

    def cancel() -> None:
        raw: Any = database.connection.connection
        if raw is not None:
            raw.interrupt()

    return cancel
