"""Defaults compared in the server's own words, as ``SHOW COLUMNS`` writes them; MariaDB has neither partial indexes nor indexes of expressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import DatabaseError

from django_safe_migrate.databases.drafts import SHADOW, Draft

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database


class MySQLDrafts:
    """Makes each default of a temporary table: that commits no transaction, and nobody else sees it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._quote = database.connection.ops.quote_name

    def index_statements(self, table: str) -> dict[str, str]:
        return {}

    def differing(self, table: str, drafts: Sequence[Draft]) -> list[Draft]:
        defaults = [draft for draft in drafts if draft.column]
        if not defaults:
            return []
        there = {name.casefold(): (kind, default) for name, kind, default in self._columns(table)}
        found = []
        for draft in defaults:
            kind, default = there.get(draft.column.casefold(), ("", None))
            if default is None:
                continue
            meant = self._made(draft, kind)
            if meant is not None and meant != default:
                found.append(draft)
        return found

    def _made(self, draft: Draft, kind: str) -> str | None:
        """Return how the server writes a default down; None when it does not take it, or this role may make no temporary table."""
        shadow = self._quote(SHADOW)
        sql = f"CREATE TEMPORARY TABLE {shadow} ({self._quote(draft.column)} {kind} DEFAULT {draft.sql})"
        with self._database.connection.cursor() as cursor:
            try:
                cursor.execute(sql, draft.params or None)
            except DatabaseError as error:
                if self._database.is_connection_error(error):
                    raise
                return None
            try:
                return next(default for _, _, default in self._columns(SHADOW))
            finally:
                cursor.execute(f"DROP TEMPORARY TABLE {shadow}")

    def _columns(self, table: str) -> list[tuple[str, str, str | None]]:
        rows = self._database.ask(f"SHOW COLUMNS FROM {self._quote(table)}")
        return [(row[0], row[1], row[4]) for row in rows]
