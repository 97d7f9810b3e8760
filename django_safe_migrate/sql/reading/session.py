"""Transactions and variables: what a statement changes about the session."""

from __future__ import annotations

from collections.abc import Sequence

from django_safe_migrate.databases.statements import (
    OtherObject,
    SetVariable,
    Statement,
    TransactionControl,
)
from django_safe_migrate.sql.reading.cursor import Cursor, NotUnderstood
from django_safe_migrate.sql.reading.tokens import Kind, Token

_SCOPES = {
    "SESSION": "session",
    "LOCAL": "local",
    "GLOBAL": "global",
    "PERSIST": "global",
    "PERSIST_ONLY": "global",
}
_WORDS = {
    "BEGIN": "BEGIN",
    "START": "BEGIN",
    "COMMIT": "COMMIT",
    "END": "COMMIT",
    "ABORT": "ROLLBACK",
}


def transaction(cursor: Cursor) -> Statement:
    """Take BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE and their synonyms."""
    word = cursor.next().value
    if word == "START" and not cursor.at("TRANSACTION"):
        raise NotUnderstood("START is not known")
    if word == "ROLLBACK":
        cursor.take_any("WORK", "TRANSACTION")
        return TransactionControl(keywords="ROLLBACK TO" if cursor.at("TO") else "ROLLBACK")
    return TransactionControl(keywords=_WORDS.get(word, word))


def prepare(cursor: Cursor) -> Statement:
    """PREPARE TRANSACTION ends one; PREPARE of a statement hides what will run."""
    cursor.expect("PREPARE")
    if cursor.take("TRANSACTION"):
        return TransactionControl(keywords="COMMIT")
    raise NotUnderstood("it prepares another statement, which runs when EXECUTE says so")


def set_variables(cursor: Cursor) -> list[Statement]:
    """SET: one statement per variable, for MySQL sets several at once."""
    cursor.expect("SET")
    if cursor.take("CONSTRAINTS"):
        deferred = cursor.has("DEFERRED")
        return [SetVariable(name="constraints", value="deferred" if deferred else "immediate")]
    scope = "session"
    found: list[Statement] = []
    for part in _assignments(cursor):
        scope = _SCOPES.get(part.take_any(*_SCOPES), scope)
        found.append(_assignment(part, scope))
    return found


def _assignments(cursor: Cursor) -> list[Cursor]:
    """The parts of MySQL's SET; a list of values, such as that of search_path, is one part."""
    parts = list(Cursor(cursor.tokens[cursor.position :], cursor.syntax).by_commas())
    if all(any(t.is_sign("=") or t.is_sign(":=") for t in part.tokens) for part in parts):
        return parts
    return [cursor.rest()]


def _assignment(cursor: Cursor, scope: str) -> SetVariable:
    if cursor.take("TIME", "ZONE"):
        return SetVariable(name="timezone", value=_value(cursor.rest().tokens), scope=scope)
    if cursor.take("CHARACTERISTICS", "AS", "TRANSACTION") or cursor.take("TRANSACTION"):
        return SetVariable(name="transaction", value=_value(cursor.rest().tokens), scope=scope)
    is_own = cursor.take_sign("@")
    if is_own and cursor.take_sign("@"):
        is_own = False
        word = cursor.peek().value.upper()
        if word in _SCOPES and cursor.peek(1).is_sign("."):
            scope = _SCOPES[word]
            cursor.position += 2
    name = ("@" if is_own else "") + cursor.name().lower()
    if not (cursor.take("TO") or cursor.take_sign("=") or cursor.take_sign(":=")):
        cursor.take_sign(":") and cursor.take_sign("=")
    return SetVariable(name=name, value=_value(cursor.rest().tokens), scope=scope)


def set_config(cursor: Cursor) -> SetVariable | None:
    """``SELECT set_config('name', 'value', is_local)`` is a SET of PostgreSQL; None for any other query."""
    tokens = cursor.tokens
    names = [token.value for token in tokens[:3]]
    if cursor.take("SELECT") and cursor.take("PG_CATALOG"):
        cursor.take_sign(".")
    if "SET_CONFIG" not in names or not cursor.take("SET_CONFIG"):
        cursor.position = 0
        return None
    arguments = list(cursor.parenthesised().by_commas())
    if len(arguments) != 3:
        raise NotUnderstood("set_config takes three arguments")
    name, value, is_local = (_value(argument.tokens) for argument in arguments)
    scope = "local" if is_local.lower() in {"true", "t", "1"} else "session"
    return SetVariable(name=name.lower(), value=value, scope=scope)


def reset(cursor: Cursor) -> Statement:
    """RESET of a variable, or of all."""
    cursor.expect("RESET")
    cursor.take("SESSION")
    return SetVariable(name=cursor.name().lower(), value="default")


def pragma(cursor: Cursor) -> Statement:
    """SQLite's PRAGMA; one that only asks is nothing that has rows."""
    cursor.expect("PRAGMA")
    name = cursor.name().lower()
    if cursor.take_sign("="):
        return SetVariable(name=name, value=_value(cursor.rest().tokens))
    if cursor.peek().is_sign("(") and name not in _ASKING:
        return SetVariable(name=name, value=_value(cursor.parenthesised().tokens))
    return OtherObject(keywords="PRAGMA", name=name)


#: Pragmas whose argument is a table or a number, and no value to set.
_ASKING = frozenset(
    {
        "foreign_key_check",
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "optimize",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
    }
)


def _value(tokens: Sequence[Token]) -> str:
    """The value without quotes, in the case it was written in."""
    parts = [token.value if token.kind is Kind.STRING else token.text for token in tokens]
    return " ".join(parts).replace(" , ", ", ").replace("- ", "-").removesuffix(" ;")
