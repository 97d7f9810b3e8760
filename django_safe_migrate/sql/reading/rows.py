"""Queries and changes of rows by their keywords alone: less exact, but of any text."""

from __future__ import annotations

from collections.abc import Sequence

from django_safe_migrate.databases.statements import ChangeRows, Select, Statement
from django_safe_migrate.sql.reading.cursor import Cursor, NotUnderstood
from django_safe_migrate.sql.reading.tokens import END, Kind, Token

_VERBS = ("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE")
#: Words between the verb and the table.
_FILLERS = ("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "QUICK", "IGNORE", "INTO", "FROM", "ONLY")
#: Words after which a table stands.
_BEFORE_TABLE = ("FROM", "JOIN", "USING")


def changes_by_keywords(cursor: Cursor) -> list[Statement]:
    """
    Return the changes of rows that a statement makes, and the query around them.

    Raises:
        NotUnderstood: the statement changes rows of something that is not named.
    """
    reads = tables_by_keywords(cursor)
    places = [i for i in range(cursor.position, len(cursor.tokens)) if _begins(cursor, i)]
    found: list[Statement] = [_change(cursor, place, reads) for place in places]
    if not places or places[-1] != cursor.position and cursor.find("SELECT") >= 0:
        found.append(Select(reads=reads, locks_rows=cursor.has("FOR", "UPDATE")))
    return found


def tables_by_keywords(cursor: Cursor) -> tuple[str, ...]:
    """Return the tables after FROM, JOIN and USING, but no names that WITH gives to queries."""
    tokens = cursor.tokens
    found: dict[str, None] = {}
    for index in range(cursor.position, len(tokens)):
        if tokens[index].is_word(*_BEFORE_TABLE):
            name = _name_at(cursor, index + 1)
            if name:
                found.setdefault(name)
    common = {
        tokens[index].value.lower()
        for index in range(len(tokens) - 2)
        if tokens[index + 1].is_word("AS") and tokens[index + 2].is_sign("(")
    }
    return tuple(name for name in found if name.lower() not in common)


def _begins(cursor: Cursor, index: int) -> bool:
    """Whether a change of rows begins here: at the start, in parentheses, or after those of WITH."""
    token = cursor.tokens[index]
    before = cursor.tokens[index - 1] if index > cursor.position else END
    after = cursor.tokens[index + 1] if index + 1 < len(cursor.tokens) else END
    if not token.is_word(*_VERBS) or after.is_sign("("):
        return False
    return before is END or before.is_sign("(") or before.is_sign(")")


def _change(cursor: Cursor, index: int, reads: tuple[str, ...]) -> ChangeRows:
    verb = cursor.tokens[index].value
    inside = Cursor(_within(cursor.tokens, index), cursor.syntax)
    inside.position = 1
    if inside.take("OR"):
        inside.next()
    while inside.take_any(*_FILLERS):
        pass
    table = inside.name()
    conditions = ["WHERE", "LIMIT", *([] if verb in {"INSERT", "REPLACE"} else ["JOIN"])]
    conditional = verb == "MERGE" or any(inside.has(word) for word in conditions)
    return ChangeRows(
        kind="insert" if verb == "REPLACE" else verb.lower(),
        table=table,
        conditional=conditional,
        reads=tuple(name for name in reads if name != table),
    )


def _within(tokens: Sequence[Token], index: int) -> list[Token]:
    """The tokens from here to the parenthesis that closes what they stand in."""
    found: list[Token] = []
    depth = 0
    for token in tokens[index:]:
        depth += token.is_sign("(") - token.is_sign(")")
        if depth < 0:
            break
        found.append(token)
    return found


def _name_at(cursor: Cursor, index: int) -> str:
    """The table that is named here; empty for a query in parentheses or a function."""
    place = Cursor(cursor.tokens, cursor.syntax)
    place.position = index
    place.take_any("ONLY", "LATERAL")
    if place.peek().kind not in {Kind.WORD, Kind.NAME} or place.at_any(
        "SELECT", "VALUES", "UNNEST"
    ):
        return ""
    try:
        name = place.name()
    except NotUnderstood:
        return ""
    return "" if place.peek().is_sign("(") else name
