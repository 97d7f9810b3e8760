"""Statements that keep tables in order, lock them, or say something about them."""

from __future__ import annotations

from django_safe_migrate.databases.statements import (
    LockTable,
    Maintenance,
    OtherObject,
    RefreshMaterializedView,
    Reindex,
    Statement,
)
from django_safe_migrate.sql.reading.altering import object_name
from django_safe_migrate.sql.reading.cursor import Cursor, NotUnderstood
from django_safe_migrate.sql.reading.keywords import OBJECTS, take_leading_words, take_phrase
from django_safe_migrate.sql.reading.tokens import Kind

_OFF = ("FALSE", "OFF")


def vacuum(cursor: Cursor) -> Statement:
    """VACUUM, with its options before it or in parentheses."""
    cursor.expect("VACUUM")
    full = cursor.take("FULL")
    if cursor.peek().is_sign("("):
        full = _option(cursor.parenthesised(), "FULL")
    while cursor.take_any("FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE"):
        pass
    cursor.take("INTO") and cursor.rest()
    return Maintenance(command="VACUUM FULL" if full else "VACUUM", tables=_tables(cursor))


def analyse(cursor: Cursor) -> Statement:
    """ANALYZE of PostgreSQL and SQLite, ANALYZE TABLE of MySQL."""
    cursor.next()
    if cursor.at_any("SELECT", "UPDATE", "DELETE", "INSERT", "FORMAT"):
        raise NotUnderstood("it runs another statement")
    cursor.take_any("LOCAL", "NO_WRITE_TO_BINLOG")
    cursor.take("TABLE")
    if cursor.peek().is_sign("("):
        cursor.parenthesised()
    cursor.take("VERBOSE")
    return Maintenance(command="ANALYZE", tables=_tables(cursor))


def cluster(cursor: Cursor) -> Statement:
    """CLUSTER of PostgreSQL."""
    cursor.expect("CLUSTER")
    if cursor.peek().is_sign("("):
        cursor.parenthesised()
    cursor.take("VERBOSE")
    if cursor.is_done:
        return Maintenance(command="CLUSTER")
    name = cursor.name()
    if cursor.take("ON"):  # as it was written before 8.3: the index first
        name = cursor.name()
    return Maintenance(command="CLUSTER", tables=(name,))


def table_command(cursor: Cursor) -> Statement:
    """OPTIMIZE, REPAIR, CHECK and CHECKSUM TABLE of MySQL."""
    command = cursor.next().value
    cursor.take_any("LOCAL", "NO_WRITE_TO_BINLOG")
    cursor.take_any("TABLE", "TABLES")
    return Maintenance(command=command, tables=cursor.names())


def _tables(cursor: Cursor) -> tuple[str, ...]:
    """Tables with commas between them, each perhaps with columns."""
    found = []
    for part in cursor.by_commas():
        part.take("ONLY")
        found.append(part.name())
    return tuple(found)


def reindex(cursor: Cursor) -> Statement:
    """REINDEX: of PostgreSQL, where the kind is named, or of SQLite, where it is not."""
    cursor.expect("REINDEX")
    concurrently = False
    if cursor.peek().is_sign("("):
        concurrently = _option(cursor.parenthesised(), "CONCURRENTLY")
    kind = cursor.take_any("INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM").lower()
    concurrently = cursor.take("CONCURRENTLY") or concurrently
    if cursor.is_done:
        return Reindex(kind=kind or "database", name="", concurrently=concurrently)
    return Reindex(kind=kind or "table", name=cursor.name(), concurrently=concurrently)


def _option(options: Cursor, word: str) -> bool:
    """Whether an option in parentheses is on."""
    for part in options.by_commas():
        if part.take(word):
            value = part.peek()
            return not (value.is_word(*_OFF) or value.value == "0")
    return False


def refresh(cursor: Cursor) -> Statement:
    """REFRESH MATERIALIZED VIEW."""
    cursor.expect("REFRESH")
    cursor.expect("MATERIALIZED", "VIEW")
    concurrently = cursor.take("CONCURRENTLY")
    return RefreshMaterializedView(
        view=cursor.name(), concurrently=concurrently, with_data=not cursor.at("WITH", "NO", "DATA")
    )


def lock(cursor: Cursor) -> Statement:
    """LOCK TABLE of PostgreSQL, LOCK TABLES of MySQL with a mode for each table."""
    cursor.expect("LOCK")
    cursor.take_any("TABLE", "TABLES")
    tables, modes = [], []
    for part in cursor.by_commas():
        part.take("ONLY")
        tables.append(part.name())
        part.take_sign("*")
        if part.take("IN"):
            modes.append(take_leading_words(part, 3).removesuffix(" MODE"))
        elif part.has("WRITE"):
            modes.append("WRITE")
        elif part.has("READ"):
            modes.append("READ")
    return LockTable(tables=tuple(tables), mode=max(modes, default=""))


def comment(cursor: Cursor) -> Statement:
    """COMMENT ON something, with the table that it belongs to."""
    cursor.expect("COMMENT", "ON")
    if cursor.take("COLUMN"):
        return OtherObject(keywords="COMMENT ON", table=cursor.name().rpartition(".")[0])
    if cursor.take("TABLE"):
        return OtherObject(keywords="COMMENT ON", table=cursor.name())
    is_of_table = bool(cursor.take_any("CONSTRAINT", "TRIGGER", "POLICY", "RULE"))
    if not is_of_table and not take_phrase(cursor, OBJECTS):
        cursor.take_any("INDEX", "VIEW", "MATERIALIZED", "FOREIGN", "TABLE")
        cursor.take("VIEW")
    name = object_name(cursor)
    table = ""
    if is_of_table and cursor.take("ON") and not cursor.at("DOMAIN"):
        table = cursor.name()
    return OtherObject(keywords="COMMENT ON", name=name, table=table)


def grant(cursor: Cursor) -> Statement:
    """GRANT and REVOKE, with the table if it is one."""
    keywords = cursor.next().value
    table = ""
    if cursor.go_to("ON") and not (take_phrase(cursor, OBJECTS) or cursor.at("ALL")):
        cursor.take("TABLE")
        table = object_name(cursor) if cursor.peek().kind in {Kind.WORD, Kind.NAME} else ""
    return OtherObject(keywords=keywords, table=table)
