"""Statements that bring an invalid index into order, where there can be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: By Django's ``connection.vendor``: only there can an index be invalid.
INDEX_REPAIRS = {
    "postgresql": "django_safe_migrate.databases.postgresql.index_repair.PostgreSQLIndexRepair",
}


class IndexRepair(Protocol):
    """The ways; they give statements, to be executed outside of a transaction, that block neither reads nor writes."""

    def rebuild(self, index: str) -> str:
        """Build an index anew under its name."""

    def drop(self, index: str) -> str:
        """Drop an index."""

    def builders(self, table: str) -> tuple[str, ...]:
        """Return the sessions that build or drop an index of a table at this moment, or may."""

    def attachments(self, index: str) -> tuple[str, ...] | None:
        """
        Return the statements that complete the index of a partitioned table: of each partition that lacks one, build and attach.

        None for the index of an ordinary table; empty when nothing is lacking, or when a partition has partitions in its turn.
        """


def index_repair(database: Database) -> IndexRepair | None:
    """Return how a database mends its indexes, None where it has no invalid ones."""
    path = INDEX_REPAIRS.get(database.vendor)
    return import_string(path)(database) if path else None
