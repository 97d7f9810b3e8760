"""Statements that other sessions execute and that change the schema: a server goes on with one although its client was killed."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from django_safe_migrate.databases.queries import without_values

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: By Django's ``connection.vendor``: session and statement of whoever is busy with something in this database.
_BUSY = {
    "postgresql": """
        SELECT pid, query FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    """,
    "mysql": """
        SELECT ID, INFO FROM information_schema.PROCESSLIST
        WHERE DB = DATABASE() AND COMMAND = 'Query' AND ID <> CONNECTION_ID() AND INFO IS NOT NULL
    """,
}
_CHANGES = re.compile(
    r"\s*(/\*.*?\*/\s*)*(ALTER|CREATE|DROP|RENAME|TRUNCATE|REINDEX|OPTIMIZE)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclasses.dataclass(frozen=True, slots=True)
class SchemaChange:
    """A session that changes the schema at this moment; ``sql`` is its statement without values."""

    session: str
    sql: str


def schema_changes(database: Database) -> tuple[SchemaChange, ...]:
    """Return the statements by which others change the schema now; of other accounts only where the server shows them."""
    sql = _BUSY.get(database.vendor)
    rows = database.ask_if_permitted(sql) if sql else None
    return tuple(
        SchemaChange(str(session), without_values(text, mysql=database.vendor == "mysql"))
        for session, text in rows or ()
        if _CHANGES.match(text or "")
    )
