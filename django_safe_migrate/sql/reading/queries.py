"""
Queries and changes of rows: which tables they read and write, and whether every row is meant.

sqlglot reads them. What it cannot read, or would take long for, is read by its keywords instead.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from django_safe_migrate.databases.statements import ChangeRows, CreateTable, Select, Statement
from django_safe_migrate.sql.reading.cursor import Cursor
from django_safe_migrate.sql.reading.rows import changes_by_keywords, tables_by_keywords
from django_safe_migrate.sql.reading.tokens import Kind, Token

#: A statement with more tokens than this is a dump of rows: sqlglot would take seconds for what its first words say.
_MOST_TOKENS = 10_000


def read_query(cursor: Cursor) -> list[Statement]:
    """
    Return what a query does: changes of rows inside of it first, in the order of the text, then the query itself.

    ``WITH gone AS (DELETE FROM t RETURNING id) SELECT count(*) FROM gone`` is a ``ChangeRows`` and a ``Select``.
    """
    parsed = _parsed(cursor)
    if parsed is None:
        return changes_by_keywords(cursor)
    return _Parsed(parsed, cursor).statements()


def tables_in(cursor: Cursor) -> tuple[str, ...]:
    """Return the tables that a query reads."""
    parsed = _parsed(cursor)
    return tables_by_keywords(cursor) if parsed is None else _Parsed(parsed, cursor).tables()


class _Parsed:
    """A query that sqlglot has read."""

    def __init__(self, expression: Any, cursor: Cursor) -> None:
        from sqlglot import exp

        self._exp = exp
        self._root = expression
        self._syntax = cursor.syntax
        self._common = {cte.alias.lower() for cte in expression.find_all(exp.CTE)}

    def statements(self) -> list[Statement]:
        exp = self._exp
        kinds = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
        # From the inside to the outside: what is inside runs first.
        changes = [node for node in self._root.find_all(*kinds) if self._is_change(node)]
        found: list[Statement] = [self._change(node) for node in reversed(changes)]
        if not isinstance(self._root, kinds):
            found.append(self._select())
        return found

    def tables(self, *, without: str = "") -> tuple[str, ...]:
        """Every table that is named, in the order of the text."""
        nodes = list(self._root.find_all(self._exp.Table, bfs=False))
        names = dict.fromkeys(self._name(node) for node in nodes)
        return tuple(
            name for name in names if name and name != without and name.lower() not in self._common
        )

    def _select(self) -> Statement:
        into = self._root.args.get("into")
        if into is not None and into.this is not None:
            table = self._name(into.this)
            return CreateTable(table=table, reads=self.tables(without=table))
        locks = any(node.args.get("locks") for node in self._root.find_all(self._exp.Select))
        return Select(reads=self.tables(), locks_rows=locks)

    def _change(self, node: Any) -> ChangeRows:
        kind = type(node).__name__.lower()
        table = self._name(self._target(node))
        conditional = self._is_conditional(node)
        return ChangeRows(
            kind=kind, table=table, conditional=conditional, reads=self.tables(without=table)
        )

    def _is_change(self, node: Any) -> bool:
        # WHEN MATCHED THEN UPDATE belongs to its MERGE.
        return node.find_ancestor(self._exp.Merge) is None

    def _target(self, node: Any) -> Any:
        several = node.args.get("tables")  # DELETE t FROM t JOIN u
        target = several[0] if several else node.this
        return target.this if isinstance(target, self._exp.Schema) else target

    def _is_conditional(self, node: Any) -> bool:
        exp = self._exp
        if isinstance(node, exp.Merge):
            return True
        if isinstance(node, exp.Insert):
            query = node.expression
            return isinstance(query, exp.Query) and self._chooses(query)
        joined = getattr(node.this, "args", {}).get("joins")
        return self._chooses(node) or bool(joined)

    def _chooses(self, node: Any) -> bool:
        where = node.args.get("where")
        if node.args.get("limit") is not None:
            return True
        return where is not None and not self._is_always_true(where.this)

    def _is_always_true(self, condition: Any) -> bool:
        exp = self._exp
        if isinstance(condition, exp.Paren):
            return self._is_always_true(condition.this)
        if isinstance(condition, exp.Boolean):
            return bool(condition.this)
        if isinstance(condition, exp.EQ):
            sides = (condition.this, condition.expression)
            return all(isinstance(side, exp.Literal) for side in sides) and sides[0] == sides[1]
        return isinstance(condition, exp.Literal) and condition.name not in {"0", ""}

    def _name(self, table: Any) -> str:
        """The name as the database stores it; empty for what is no table, such as a function."""
        if not isinstance(table, self._exp.Table):
            return ""
        parts = [table.args.get(key) for key in ("catalog", "db", "this")]
        names = [self._stored(part) for part in parts if isinstance(part, self._exp.Identifier)]
        if len(names) > 1 and names[0] == self._syntax.default_schema:
            del names[0]
        return ".".join(names)

    def _stored(self, identifier: Any) -> str:
        folds = self._syntax.folds_names and not identifier.args.get("quoted")
        return str(identifier.name.lower() if folds else identifier.name)


def _parsed(cursor: Cursor) -> Any:
    """What sqlglot makes of the statement, None when it does not understand it."""
    if len(cursor.tokens) > _MOST_TOKENS:
        return None
    import sqlglot  # slow to import, and most plans have no hand-written SQL

    with _quiet():
        try:
            parsed = sqlglot.parse(
                _text(cursor.tokens[cursor.position :]), read=cursor.syntax.dialect or None
            )
        except Exception:  # whatever it raises, it could not read this
            return None
    understood = len(parsed) == 1 and not isinstance(parsed[0], sqlglot.exp.Command | None)
    return parsed[0] if understood else None


def _text(tokens: Sequence[Token]) -> str:
    """The statement without comments, and with values where the parameters are."""
    parts: list[str] = []
    end = -1
    for token in tokens:
        parts.append(" " if 0 <= end < token.start else "")
        parts.append("(NULL)" if token.kind is Kind.PARAMETER else token.text)
        end = token.end
    return "".join(parts)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence what the parser logs about statements that it keeps as plain text."""
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
