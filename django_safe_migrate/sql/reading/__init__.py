"""
Reading SQL: text becomes statements taken apart.

Statements about the schema are read here, word by word, for all vendors at once: their grammars hardly contradict each other, and no
parser knows all of them. Queries and changes of rows are left to sqlglot, which is imported when the first of them appears. What
nobody understands is an ``Unread`` with the reason: never left out, and never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable

from django_safe_migrate.databases.statements import Statement
from django_safe_migrate.sql.reading.splitting import split, text_of
from django_safe_migrate.sql.reading.statements import read_statement
from django_safe_migrate.sql.reading.syntax import syntax_of
from django_safe_migrate.sql.reading.tables import (
    tables_named,
    tables_read,
    tables_written,
)
from django_safe_migrate.sql.reading.types import canonical_type

__all__ = [
    "canonical_type",
    "read",
    "split_statements",
    "tables_named",
    "tables_read",
    "tables_written",
]


def read(texts: Iterable[str], vendor: str) -> tuple[Statement, ...]:
    """
    Return the statements of these texts in order.

    Args:
        texts: each with any number of statements; comments, parameters (``%s``) and ``%%`` may be in them.
        vendor: Django's name of the database, whose way to write it is; of an unknown one the standard's is taken.
    """
    syntax = syntax_of(vendor)
    return tuple(
        statement
        for text in texts
        for part in split(text, syntax)
        for statement in read_statement(part, text_of(text, part), syntax)
    )


def split_statements(text: str, vendor: str) -> tuple[str, ...]:
    """Return the statements of a text as they were written, without comments around them and semicolons after them."""
    return tuple(text_of(text, part) for part in split(text, syntax_of(vendor)))
