"""How large an index will be that does not exist yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.databases.statements import (
    AddColumn,
    AddConstraint,
    AddIndex,
    AlterTable,
    CreateIndex,
)

if TYPE_CHECKING:
    from django_safe_migrate.databases.answers import TableSize
    from django_safe_migrate.databases.facts import Catalogue, Facts

#: What each entry of an index needs besides its key: a header, the place of the row, and pages that are not quite full.
ENTRY_BYTES = 24
#: Of values whose type says nothing of their length.
_USUAL = 32
_WIDTHS = (
    (re.compile(r"^(bool|tinyint|bit)"), 1),
    (re.compile(r"^(smallint|year)"), 2),
    (re.compile(r"^(bigint|double|real|float8|timestamp|datetime|time)"), 8),
    (re.compile(r"^(int|integer|mediumint|date|serial|float)"), 4),
    (re.compile(r"^(numeric|decimal)"), 12),
    (re.compile(r"^uuid"), 16),
)
#: Wider ones are no machine words.
_NUMBER = 8
_LENGTH = re.compile(r"^(?:var)?char[a-z ]*\((\d+)\)")


def new_index_bytes(size: TableSize, facts: Facts, catalogue: Catalogue) -> int:
    """
    Return about how many bytes an index takes that a statement builds.

    For each row an entry: what every entry needs, and the usual width of its columns' types, which is never more than the table's
    usual row. Rows that the condition of an index leaves out are counted: nobody knows how many they are.
    """
    width = sum(map(_width, _types(facts, catalogue))) or _USUAL
    if size.rows:
        width = min(width, max(1, size.data_bytes // size.rows))
    return size.rows * (ENTRY_BYTES + width)


def is_of_numbers(facts: Facts, catalogue: Catalogue) -> bool:
    """Return whether an index that a statement builds has numbers, dates and times as keys only, which are compared fast."""
    types = list(_types(facts, catalogue))
    return bool(types) and all(
        any(pattern.match(type) for pattern, width in _WIDTHS if width <= _NUMBER) for type in types
    )


def _types(facts: Facts, catalogue: Catalogue) -> Iterator[str]:
    statement = facts.statement
    if isinstance(statement, CreateIndex):
        yield from _of_columns(statement.table, statement.columns, catalogue)
    elif isinstance(statement, AlterTable):
        for action in statement.actions:
            if isinstance(action, AddConstraint | AddIndex):
                yield from _of_columns(statement.table, action.columns, catalogue)
            elif isinstance(action, AddColumn):
                yield action.column.type


def _of_columns(table: str, columns: Iterable[str], catalogue: Catalogue) -> Iterator[str]:
    for name in columns:
        column = catalogue.column(table, name)
        yield "" if column is None else column.type


def _width(type: str) -> int:
    for pattern, width in _WIDTHS:
        if pattern.match(type):
            return width
    length = _LENGTH.match(type)
    return _USUAL if length is None else min(int(length[1]), _USUAL)
