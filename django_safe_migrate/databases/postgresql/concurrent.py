"""Statements of PostgreSQL that work concurrently: outside of a transaction, in several steps, with something unusable left when they fail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django_safe_migrate.databases.postgresql.timeouts import LEADING, is_concurrent

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_PATH = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_CREATE = re.compile(
    LEADING
    + r"CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+"
    + rf"(?:IF\s+NOT\s+EXISTS\s+)?(?P<index>(?!ON\s){_NAME})\s+ON\s+(?:ONLY\s+)?(?P<table>{_PATH})",
    re.IGNORECASE | re.DOTALL,
)
_REINDEX = re.compile(
    LEADING
    + rf"REINDEX\s*(?:\([^)]*\)\s*)?(?P<kind>INDEX|TABLE)\s+(?:CONCURRENTLY\s+)?(?P<name>{_PATH})",
    re.IGNORECASE | re.DOTALL,
)
_DROP = re.compile(LEADING + r"DROP\s+INDEX\s+CONCURRENTLY\b", re.IGNORECASE | re.DOTALL)

# An index that somebody builds at this moment is not valid yet, and none of ours.
_DROP_INVALID = """
    SELECT pg_catalog.format('DROP INDEX CONCURRENTLY IF EXISTS %%I.%%I', n.nspname, x.relname)
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
    WHERE NOT i.indisvalid AND x.relkind = 'i'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p
                      WHERE p.index_relid = i.indexrelid AND p.pid <> pg_catalog.pg_backend_pid())
"""
_BUILDER = """
    SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p
    JOIN pg_catalog.pg_class x ON x.oid = p.index_relid
    WHERE p.datname = pg_catalog.current_database() AND p.pid <> pg_catalog.pg_backend_pid()
      AND p.relid = pg_catalog.to_regclass(%s) AND x.relname = %s
"""
_OF_CREATE = _DROP_INVALID + " AND i.indrelid = pg_catalog.to_regclass(%s) AND x.relname = %s"
# What REINDEX CONCURRENTLY calls the index that it builds, and the one that it replaced.
_OF_REINDEX = (
    _DROP_INVALID  # noqa: S608 - constants
    + r" AND x.relname ~ '_cc(new|old)\d*$' AND (i.indrelid = pg_catalog.to_regclass(%s)"
    + r" OR (i.indrelid = (SELECT o.indrelid FROM pg_catalog.pg_index o WHERE o.indexrelid = pg_catalog.to_regclass(%s))"
    + r" AND regexp_replace(x.relname, '_cc(new|old)\d*$', '') ="
    + r" (SELECT left(b.relname, length(regexp_replace(x.relname, '_cc(new|old)\d*$', '')))"
    + r" FROM pg_catalog.pg_class b WHERE b.oid = pg_catalog.to_regclass(%s))))"
)


def leaves_nothing(sql: str) -> bool:
    """Whether a statement that failed can be executed again as it is; DROP INDEX CONCURRENTLY goes on where it stopped."""
    return not is_concurrent(sql) or _DROP.match(sql) is not None


def is_understood(sql: str) -> bool:
    """Whether it is known which index a statement builds; one without a name gets it from the server."""
    return _CREATE.match(sql) is not None or _REINDEX.match(sql) is not None


def leftovers(database: Database, sql: str) -> tuple[str, ...]:
    """Return the statements that drop the invalid indexes which earlier attempts at this one have left."""
    create = _CREATE.match(sql)
    if create is not None:
        return _ask(database, _OF_CREATE, [create["table"], _unquoted(create["index"])])
    reindex = _REINDEX.match(sql) if is_concurrent(sql) else None
    return _ask(database, _OF_REINDEX, [reindex["name"]] * 3) if reindex is not None else ()


def builder(database: Database, sql: str) -> str:
    """Return the session that builds the index of a CREATE INDEX CONCURRENTLY at this moment; empty when none does."""
    create = _CREATE.match(sql)
    if create is None:
        return ""
    found = _ask(database, _BUILDER, [create["table"], _unquoted(create["index"])])
    return found[0] if found else ""


def _ask(database: Database, sql: str, params: list[str]) -> tuple[str, ...]:
    """Ask on the driver's cursor, so that nobody takes this for SQL of a migration."""
    connection = database.connection
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(sql, params)
        return tuple(str(found) for (found,) in cursor.fetchall())


def _unquoted(name: str) -> str:
    """The name as the catalogue has it: in lower case unless it is quoted."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
