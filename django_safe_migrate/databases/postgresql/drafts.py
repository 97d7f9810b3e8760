"""Indexes, constraints and defaults compared in PostgreSQL's own words, as ``pg_get_indexdef``, ``pg_get_constraintdef`` and ``pg_get_expr`` write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction

from django_safe_migrate.databases.drafts import SHADOW, Draft

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

#: Read from the catalogue, since LIKE would wait for whoever has the table locked.
COLUMNS = """
    SELECT pg_catalog.quote_ident(a.attname::text) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attcollation <> t.typcollation
              THEN ' COLLATE ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(l.collname) ELSE '' END
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND pg_catalog.pg_table_is_visible(c.oid)
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
    WHERE c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
#: A check or an exclusion as a constraint, anything else as its index; a unique constraint and a unique index of the same are the same.
DEFINITIONS = """
    SELECT pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid AND pg_catalog.pg_table_is_visible(c.oid)
    WHERE c.relname = %s AND k.conname = %s AND k.contype IN ('c', 'x')
    UNION ALL
    SELECT CASE WHEN i.indisunique THEN 'UNIQUE' ELSE '' END || CASE WHEN i.indimmediate THEN '' ELSE ' DEFERRABLE' END
           || pg_catalog.substring(pg_catalog.pg_get_indexdef(i.indexrelid), ' USING .*')
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND pg_catalog.pg_table_is_visible(c.oid)
    WHERE c.relname = %s AND x.relname = %s AND NOT i.indisexclusion
"""
DEFAULT = """
    SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    JOIN pg_catalog.pg_class c ON c.oid = d.adrelid AND pg_catalog.pg_table_is_visible(c.oid)
    WHERE c.relname = %s AND a.attname = %s
"""
#: How full its pages are is no matter of what an index does, and somebody may have set it for speed.
_STORAGE = re.compile(r" WITH \([^)]*\)(?= WHERE |\Z)")
#: Whether existing rows were checked is looked after elsewhere.
_UNCHECKED = re.compile(r" NOT VALID\Z")


class PostgreSQLDrafts:
    """Makes each draft of a temporary table in a transaction that is rolled back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._quote = database.connection.ops.quote_name

    def index_statements(self, table: str) -> dict[str, str]:
        return {}

    def differing(self, table: str, drafts: Sequence[Draft]) -> list[Draft]:
        there = {draft: self._definition(table, draft) for draft in drafts}
        present = [draft for draft in drafts if there[draft]]
        if not present:
            return []
        meant: dict[Draft, str] = {}
        alias = self._database.alias
        try:
            with transaction.atomic(alias):
                self._make_shadow(table)
                for draft in present:
                    meant[draft] = self._made(draft)
                transaction.set_rollback(True, alias)
        except DatabaseError as error:
            if not _is_not_to_be_had(error):
                raise
        return [
            draft for draft in present if meant.get(draft) and _differ(there[draft], meant[draft])
        ]

    def _make_shadow(self, table: str) -> None:
        columns = ", ".join(column for (column,) in self._database.ask(COLUMNS, [table]))
        with self._database.connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMPORARY TABLE {self._quote(SHADOW)} ({columns}) ON COMMIT DROP"
            )

    def _made(self, draft: Draft) -> str:
        """Return how the server writes a draft down; empty when it does not take it, which is found when it is to be made."""
        sql = draft.sql
        if draft.column:
            sql = f"ALTER TABLE {self._quote(SHADOW)} ALTER COLUMN {self._quote(draft.column)} SET DEFAULT {sql}"
        connection: Any = self._database.connection
        try:
            with transaction.atomic(self._database.alias), connection.cursor() as cursor:
                # Bound by the server, no parameter could stand in a definition.
                cursor.execute(
                    connection.ops.compose_sql(sql, draft.params) if draft.params else sql
                )
        except DatabaseError as error:
            if _is_lost(error, self._database):
                raise
            return ""
        return self._definition(SHADOW, draft)

    def _definition(self, table: str, draft: Draft) -> str:
        if draft.column:
            rows = self._database.ask(DEFAULT, [table, draft.column])
        else:
            rows = self._database.ask(DEFINITIONS, [table, draft.name, table, draft.name])
        return str(rows[0][0]) if rows else ""


def _differ(there: str, meant: str) -> bool:
    if " WITH (" not in meant:
        there = _STORAGE.sub("", there)
    return _UNCHECKED.sub("", there) != _UNCHECKED.sub("", meant)


def _is_lost(error: DatabaseError, database: Database) -> bool:
    return database.is_connection_error(error)


def _is_not_to_be_had(error: DatabaseError) -> bool:
    """Whether this role or this server makes no temporary tables (insufficient_privilege, read_only_sql_transaction)."""
    code = getattr(error.__cause__, "sqlstate", None) or getattr(error.__cause__, "pgcode", None)
    return code in {"42501", "25006"}
