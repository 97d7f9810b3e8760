"""Indexes and defaults compared by their text, which SQLite keeps as it was written; spaces, quotes and outer parentheses do not count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.databases.drafts import Draft

if TYPE_CHECKING:
    from django_safe_migrate.databases.base import Database

INDEX = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s COLLATE NOCASE AND name = %s COLLATE NOCASE"
INDEXES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s COLLATE NOCASE"
)
DEFAULT = "SELECT dflt_value FROM pragma_table_xinfo(%s) WHERE name = %s COLLATE NOCASE"
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|"(?P<double>(?:[^"]|"")*)"|`(?P<back>[^`]*)`|\[(?P<square>[^\]]*)\]|(?P<word>[\w.$]+)|(?P<sign>[<>=!|]+|\S)"""
)


class SQLiteDrafts:
    """Compares texts; nothing is made."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def differing(self, table: str, drafts: Sequence[Draft]) -> list[Draft]:
        return [draft for draft in drafts if self._differs(table, draft)]

    def index_statements(self, table: str) -> dict[str, str]:
        return {name: sql for name, sql in self._database.ask(INDEXES, [table]) if sql}

    def _differs(self, table: str, draft: Draft) -> bool:
        if draft.column:
            rows = self._database.ask(DEFAULT, [table, draft.column])
            return bool(rows and rows[0][0]) and _plain(rows[0][0]) != _plain(draft.sql)
        rows = self._database.ask(INDEX, [table, draft.name])
        # A constraint that has no index of its own is in the text of the table, with everything else.
        return bool(rows and rows[0][0]) and _index(rows[0][0]) != _index(draft.sql)


def _tokens(sql: str) -> list[str]:
    found = []
    for match in _TOKEN.finditer(sql):
        text = match["text"]
        if text is None:
            # SQLite's names and words do not depend on case.
            text = next(value for value in match.groups()[1:] if value is not None).casefold()
        found.append(text)
    return found


def _plain(sql: str) -> list[str]:
    return _bare(_tokens(sql))


def _bare(tokens: list[str]) -> list[str]:
    """Return an expression without the parentheses around the whole of it."""
    while len(tokens) > 2 and tokens[0] == "(" and _closing(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


def _closing(tokens: list[str]) -> int:
    """Return the place of the parenthesis that closes the first one."""
    depth = 0
    for place, part in enumerate(tokens):
        depth += (part == "(") - (part == ")")
        if depth == 0:
            return place
    return len(tokens)


def _index(sql: str) -> tuple[bool, list[str], list[str]]:
    """Return whether it is unique, what it is of, and its condition."""
    tokens = _tokens(sql)
    start = tokens.index("(")
    end = start + _closing(tokens[start:])
    keys = [part for part in tokens[start : end + 1] if part != "asc"]
    return "unique" in tokens[:2], keys, _bare(tokens[end + 2 :])
