"""Definitions of columns and constraints, in CREATE TABLE and in ALTER TABLE."""

from __future__ import annotations

import dataclasses
from typing import Any

from django_safe_migrate.databases.statements import (
    AddConstraint,
    ColumnDefinition,
    ConstraintKind,
    Default,
)
from django_safe_migrate.sql.reading.cursor import Cursor
from django_safe_migrate.sql.reading.defaults import default_of
from django_safe_migrate.sql.reading.tokens import END, Kind, Token
from django_safe_migrate.sql.reading.types import is_serial, read_type

#: Words that end a column's type, or its default.
_OPTIONS = frozenset(
    {
        "AS",
        "AUTO_INCREMENT",
        "AUTOINCREMENT",
        "CHARSET",
        "CHECK",
        "COLLATE",
        "COLUMN_FORMAT",
        "COMMENT",
        "COMPRESSED",
        "COMPRESSION",
        "CONSTRAINT",
        "DEFAULT",
        "DEFERRABLE",
        "ENGINE_ATTRIBUTE",
        "FIRST",
        "AFTER",
        "GENERATED",
        "INITIALLY",
        "INVISIBLE",
        "KEY",
        "NOT",
        "NULL",
        "ON",
        "OPTIONS",
        "PERSISTENT",
        "PRIMARY",
        "REFERENCES",
        "SRID",
        "STORAGE",
        "STORED",
        "UNIQUE",
        "USING",
        "VIRTUAL",
        "VISIBLE",
    }
)


def read_column(cursor: Cursor) -> ColumnDefinition:
    """Take a column with its name; a position (FIRST, AFTER) is left standing."""
    name = cursor.identifier()
    type = read_type(_until_option(cursor, first=False))
    values: dict[str, Any] = {"name": name, "type": type}
    if is_serial(type):
        values.update(identity=True, null=False, default=Default.VOLATILE)
    while not cursor.is_done and not cursor.at_any("FIRST", "AFTER"):
        values.update(_option(cursor))
    return ColumnDefinition(**values)


def read_position(cursor: Cursor) -> str:
    """Take FIRST or AFTER and return it as ``AddColumn.position`` has it."""
    word = cursor.take_any("FIRST", "AFTER")
    if word == "AFTER":
        cursor.identifier()
    return word.lower()


def read_constraint(cursor: Cursor) -> AddConstraint | None:
    """Take a constraint of a table, with its name if it has one; None, and nothing taken, when there is none."""
    start = cursor.position
    name = ""
    if cursor.take("CONSTRAINT") and not cursor.at_any("CHECK", "UNIQUE", "FOREIGN", "PRIMARY"):
        name = cursor.identifier()
    kind = _constraint_kind(cursor)
    if kind is None:
        cursor.position = start
        return None
    values: dict[str, Any] = {"kind": kind, "name": name}
    values.update(_constraint_parts(kind, cursor))
    values["not_valid"] = cursor.has("NOT", "VALID")
    cursor.rest()
    return AddConstraint(**values)


def _constraint_kind(cursor: Cursor) -> ConstraintKind | None:
    if cursor.take("PRIMARY", "KEY"):
        return ConstraintKind.PRIMARY_KEY
    if cursor.take("FOREIGN", "KEY"):
        return ConstraintKind.FOREIGN_KEY
    if cursor.take("NOT", "NULL"):
        return ConstraintKind.NOT_NULL
    for word, kind in _KINDS.items():
        # A column may have such a name where it is no reserved word.
        if cursor.take(word):
            return kind
    return None


_KINDS = {
    "UNIQUE": ConstraintKind.UNIQUE,
    "CHECK": ConstraintKind.CHECK,
    "EXCLUDE": ConstraintKind.EXCLUDE,
}


def _constraint_parts(kind: ConstraintKind, cursor: Cursor) -> dict[str, Any]:
    if kind is ConstraintKind.CHECK:
        cursor.parenthesised()
        return {}
    if kind is ConstraintKind.NOT_NULL:
        return {"columns": (cursor.identifier(),)}
    if cursor.take("USING", "INDEX"):
        return {"using_index": cursor.identifier()}
    return _constraint_columns(kind, cursor)


def _constraint_columns(kind: ConstraintKind, cursor: Cursor) -> dict[str, Any]:
    values: dict[str, Any] = {}
    cursor.take("NULLS", "NOT", "DISTINCT")
    cursor.take("NULLS", "DISTINCT")
    cursor.take_any("INDEX", "KEY")
    cursor.if_exists()
    # MySQL's name of the index, and both servers' way to name a method.
    if not cursor.peek().is_sign("(") and not cursor.at("USING"):
        values["name"] = cursor.identifier()
    if cursor.take("USING"):
        cursor.identifier()
    values["columns"] = cursor.column_names()
    if kind is ConstraintKind.FOREIGN_KEY:
        cursor.expect("REFERENCES")
        values["references"] = cursor.name()
    return values


def _option(cursor: Cursor) -> dict[str, Any]:
    """Take one option of a column and return what it says."""
    if cursor.take("CONSTRAINT") and not cursor.at_any("CHECK", "UNIQUE", "REFERENCES", "NOT"):
        cursor.identifier()
    word = cursor.next()
    if word.is_word("NOT") and cursor.take("NULL"):
        return {"null": False}
    if word.is_word("NULL"):
        return {"null": True}
    if word.is_word("PRIMARY"):
        cursor.take("KEY")
        return {"primary_key": True, "null": False}
    if word.is_word("UNIQUE"):
        cursor.take("KEY")
        return {"unique": True}
    return _option_with_value(word, cursor)


def _option_with_value(word: Token, cursor: Cursor) -> dict[str, Any]:
    if word.is_word("DEFAULT"):
        return {"default": default_of(_until_option(cursor, first=True))}
    if word.is_word("CHECK"):
        cursor.parenthesised()
        return {"check": True}
    if word.is_word("REFERENCES"):
        return _reference(cursor)
    if word.is_word("COLLATE"):
        return {"collation": cursor.name()}
    if word.is_word("AUTO_INCREMENT", "AUTOINCREMENT"):
        return {"identity": True}
    if word.is_word("GENERATED", "AS"):
        return _generated(word, cursor)
    if word.is_word("ON") and cursor.take("UPDATE"):
        _until_option(cursor, first=True)
    elif word.is_word("COMMENT", "STORAGE", "COMPRESSION", "COLUMN_FORMAT", "SRID"):
        cursor.next()
    elif word.is_sign("("):
        cursor.position -= 1
        cursor.parenthesised()
    return {}


def _reference(cursor: Cursor) -> dict[str, Any]:
    table = cursor.name()
    if cursor.peek().is_sign("("):
        cursor.parenthesised()
    while cursor.take_any("ON", "MATCH"):
        cursor.take_any("DELETE", "UPDATE")
        if cursor.take_any("SET", "NO"):
            cursor.take_any("NULL", "DEFAULT", "ACTION")
            if cursor.peek().is_sign("("):
                cursor.parenthesised()
        else:
            cursor.next()
    cursor.take("NOT", "DEFERRABLE") or cursor.take("DEFERRABLE")
    if cursor.take("INITIALLY"):
        cursor.next()
    return {"references": table}


def _generated(word: Token, cursor: Cursor) -> dict[str, Any]:
    if word.is_word("GENERATED"):
        cursor.take("BY", "DEFAULT") or cursor.take("ALWAYS")
        cursor.take("ON", "NULL")
        if not cursor.take("AS"):
            return {}
    if cursor.take("IDENTITY"):
        if cursor.peek().is_sign("("):
            cursor.parenthesised()
        return {"identity": True, "null": False}
    if not cursor.peek().is_sign("("):
        return {}  # AS ROW START, of a table with system versions
    cursor.parenthesised()
    how = cursor.take_any("STORED", "PERSISTENT", "VIRTUAL")
    # Without a word MySQL, SQLite and PostgreSQL 18 compute it when it is read; before, PostgreSQL demands STORED.
    return {"generated": "stored" if how in {"STORED", "PERSISTENT"} else "virtual"}


def _until_option(cursor: Cursor, *, first: bool) -> Cursor:
    """Take what comes before the next option; with ``first`` at least one token, because a default may be NULL."""
    start, before = cursor.position, END
    while not cursor.is_done:
        token = cursor.peek()
        is_forced = (
            (first and cursor.position == start) or before.is_sign("::") or before.is_word("IS")
        )
        if not is_forced and _ends(cursor, token, is_type=not first, start=start):
            break
        if token.is_sign("("):
            cursor.parenthesised()
        else:
            cursor.next()
        before = cursor.peek(-1)
    return Cursor(cursor.tokens[start : cursor.position], cursor.syntax)


def _ends(cursor: Cursor, token: Token, *, is_type: bool, start: int) -> bool:
    if token.kind is not Kind.WORD:
        return False
    if token.value == "CHARACTER":  # CHARACTER VARYING is a type, CHARACTER SET an option
        return cursor.at("CHARACTER", "SET")
    if token.value == "WITH" and is_type:  # WITH TIME ZONE belongs to a type
        return not cursor.at("WITH", "TIME")
    return token.value in _OPTIONS and not (
        is_type and cursor.position == start and token.value in {"AS", "KEY"}
    )


def with_primary_key(column: ColumnDefinition, columns: tuple[str, ...]) -> ColumnDefinition:
    """Return a column as it is with a primary key that the table declares apart."""
    if column.name not in columns:
        return column
    return dataclasses.replace(column, primary_key=True, null=False)
