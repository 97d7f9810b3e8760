"""Questions and statements for MariaDB and MySQL that name a database, on a connection to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Characters of a name.
NAME_LIMIT = 64


def empty(server: BaseDatabaseWrapper, database: str) -> None:
    """Drop everything in a database."""
    for kind, column, schema in (
        ("EVENTS", "EVENT_NAME", "EVENT_SCHEMA"),
        ("VIEWS", "TABLE_NAME", "TABLE_SCHEMA"),
    ):
        for name in object_names(server, kind, column, schema, database):
            execute(server, f"DROP {kind[:-1]} IF EXISTS {quoted(database)}.{quoted(name)}")
    drop_routines(server, database)
    execute(server, "SET SESSION foreign_key_checks = 0")
    tables = [f"{quoted(database)}.{quoted(table)}" for table in movable_tables(server, database)]
    if tables:
        execute(server, f"DROP TABLE {', '.join(tables)}")


def drop_triggers(server: BaseDatabaseWrapper, database: str) -> None:
    """Drop every trigger of a database."""
    for name in object_names(server, "TRIGGERS", "TRIGGER_NAME", "TRIGGER_SCHEMA", database):
        execute(server, f"DROP TRIGGER IF EXISTS {quoted(database)}.{quoted(name)}")


def drop_routines(server: BaseDatabaseWrapper, database: str) -> None:
    """Drop every function and procedure of a database."""
    sql = "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s"
    for kind, name in rows(server, sql, [database]):
        execute(server, f"DROP {kind} IF EXISTS {quoted(database)}.{quoted(name)}")


def character_set(server: BaseDatabaseWrapper, database: str) -> str:
    """Return the clauses that give another database the character set and collation of this one."""
    sql = "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s"
    found = rows(server, sql, [database])
    if not found:
        # It was dropped: a restore is how to get it back.
        execute(server, f"CREATE DATABASE {quoted(database)} CHARACTER SET utf8mb4")
        found = rows(server, sql, [database])
    charset, collation = found[0]
    return f"CHARACTER SET {charset} COLLATE {collation}"


def movable_tables(server: BaseDatabaseWrapper, database: str) -> list[str]:
    """Return everything with rows: what RENAME TABLE can move."""
    sql = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_TYPE NOT LIKE %s ORDER BY 1"
    return [name for (name,) in rows(server, sql, [database, "%VIEW%"])]


def object_names(
    server: BaseDatabaseWrapper, kind: str, column: str, schema: str, database: str
) -> list[str]:
    """Return the names of one kind of object, from its table in information_schema."""
    sql = f"SELECT {column} FROM information_schema.{kind} WHERE {schema} = %s ORDER BY 1"  # noqa: S608 - constants
    return [name for (name,) in rows(server, sql, [database])]


def rows(connection: Any, sql: str, params: list[Any] | None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def execute(connection: Any, sql: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def quoted(name: str) -> str:
    """Return an identifier in backticks; Django's own quoting leaves backticks inside a name alone."""
    return "`" + name.replace("`", "``") + "`"


def number(error: DatabaseError) -> int:
    return int(error.args[0]) if error.args and isinstance(error.args[0], int) else 0


def text(error: DatabaseError) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)
