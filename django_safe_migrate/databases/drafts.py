"""
Whether what a table has is what a statement would make.

A server writes conditions, expressions and defaults down in its own words: only texts that it wrote itself can be compared. Where it keeps
no text of ours, it is made to write one about an empty temporary table, which nobody else sees and which is gone afterwards.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: The table that the statement of a draft names, in place of the one that it is for: carried out anywhere, it touches no table of the project.
SHADOW = "safe_migrate_shadow"
#: By Django's ``connection.vendor``.
DRAFTS = {
    "mysql": "django_safe_migrate.databases.mysql.drafts.MySQLDrafts",
    "postgresql": "django_safe_migrate.databases.postgresql.drafts.PostgreSQLDrafts",
    "sqlite": "django_safe_migrate.databases.sqlite.drafts.SQLiteDrafts",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """
    What a table shall have.

    With ``column`` it is that column's default, and ``sql`` its expression; else ``sql`` is a statement that makes the index or the constraint
    ``name`` of the table ``SHADOW``. ``params`` are those of the SQL.
    """

    sql: str
    name: str = ""
    column: str = ""
    params: tuple[Any, ...] = ()


class Drafts(Protocol):
    """Compares drafts with what is there."""

    def differing(self, table: str, drafts: Sequence[Draft]) -> list[Draft]:
        """Return those that are there and otherwise; what cannot be compared on this server is taken to be the same."""

    def index_statements(self, table: str) -> dict[str, str]:
        """Return what makes each index of a table as it is, by name, where the schema editor remakes tables without those it does not know."""


class NoDrafts:
    """Of a database that we do not know: nothing is compared."""

    def differing(self, table: str, drafts: Sequence[Draft]) -> list[Draft]:
        """Return nothing."""
        return []

    def index_statements(self, table: str) -> dict[str, str]:
        """Return nothing."""
        return {}


def drafts_of(database: Database) -> Drafts:
    """Return who compares drafts on a database."""
    path = DRAFTS.get(database.vendor)
    found: Drafts = import_string(path)(database) if path else NoDrafts()
    return found
