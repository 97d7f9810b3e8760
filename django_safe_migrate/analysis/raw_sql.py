"""Reading hand-written SQL of migrations for what it destroys and what it may not do inside a transaction."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any

_DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "sqlite": "sqlite", "oracle": "oracle"}
_CONCURRENTLY = re.compile(
    r"\s*(CREATE\s+(UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX\s*(\([^)]*\)\s*)?\w+)\s+CONCURRENTLY\b",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_DROPPED = {"TABLE", "SCHEMA", "DATABASE"}
_BODY = re.compile(
    r"CREATE\b[^$]*\b(TRIGGER|PROCEDURE|FUNCTION|EVENT)\b[^$]*\bBEGIN\b", re.IGNORECASE | re.DOTALL
)
_UNREAD = re.compile(r"(DROP\s+(TABLE|SCHEMA|DATABASE|OWNED)|TRUNCATE)\b", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Destruction:
    """What a statement does away with: ``what`` such as ``drops table shop_order``, ``table`` empty when it is more than one."""

    what: str
    table: str


def destructions(statements: Iterable[str], vendor: str) -> Iterator[Destruction]:
    """Yield what hand-written SQL drops, truncates or deletes without a condition."""
    for text in statements:
        for statement in _outside_bodies(_parsed(text, vendor)):
            yield from _destruction(statement)


def concurrent_statements(statements: Iterable[str]) -> Iterator[str]:
    """Yield the commands, such as ``CREATE INDEX CONCURRENTLY``, that PostgreSQL refuses inside of a transaction."""
    for text in statements:
        for statement in _COMMENTS.sub(" ", text).split(";"):
            match = _CONCURRENTLY.match(statement)
            if match:
                yield " ".join(match[0].split()).upper()


def _parsed(text: str, vendor: str) -> list[Any]:
    import sqlglot  # slow to import, and most plans have no hand-written SQL

    with _quiet():
        try:
            return [s for s in sqlglot.parse(text, read=_DIALECTS.get(vendor)) if s is not None]
        except sqlglot.errors.SqlglotError:
            # Not as a whole: statement by statement, so that one that nobody can read does not hide the others.
            parts = [part for part in text.split(";") if part.strip()]
            return [s for part in parts for s in _parsed(part, vendor)] if len(parts) > 1 else []


def _outside_bodies(statements: Iterable[Any]) -> Iterator[Any]:
    """Leave out the statements of a trigger or procedure: they do not run now."""
    inside = False
    for statement in statements:
        if inside:
            inside = not (
                type(statement).__name__ == "EndStatement"
                or str(statement.args.get("this")).upper() == "END"
            )
            continue
        inside = bool(_BODY.match(_command(statement)))
        if not inside:
            yield statement


def _destruction(statement: Any) -> Iterator[Destruction]:
    from sqlglot import exp

    if isinstance(statement, exp.Drop):
        yield from _dropped(statement)
    elif isinstance(statement, exp.TruncateTable):
        for table in statement.expressions:
            yield Destruction(f"truncates table {_name(table)}", _name(table))
    elif isinstance(statement, exp.Alter):
        yield from _altered(statement)
    else:
        yield from _unread(_command(statement))
    for delete in statement.find_all(exp.Delete):
        if delete.args.get("where") is None and not (delete.this and delete.this.args.get("joins")):
            yield Destruction(f"deletes all rows of table {_name(delete.this)}", _name(delete.this))


def _dropped(statement: Any) -> Iterator[Destruction]:
    kind = str(statement.args.get("kind") or "").upper()
    if kind not in _DROPPED or statement.args.get("temporary"):
        return
    for target in _targets(statement):
        yield Destruction(
            f"drops {kind.lower()} {_name(target)}", _name(target) if kind == "TABLE" else ""
        )


def _altered(statement: Any) -> Iterator[Destruction]:
    table = _name(statement.this)
    for action in statement.args.get("actions") or ():
        command = _command(action)
        if command.upper().startswith("DROP "):
            yield Destruction(f"drops column {command.split()[-1]} of table {table}", table)
        elif (
            str(action.args.get("kind") or "").upper() == "COLUMN"
            and type(action).__name__ == "Drop"
        ):
            for target in _targets(action):
                yield Destruction(f"drops column {_name(target)} of table {table}", table)


def _unread(command: str) -> Iterator[Destruction]:
    """What the parser keeps as plain text because it cannot read all of it."""
    match = _UNREAD.match(command)
    if match:
        yield Destruction(f"runs {' '.join(match[0].split()).upper()}", "")


def _command(statement: Any) -> str:
    if type(statement).__name__ != "Command":
        return ""
    return f"{statement.args.get('this')} {statement.args.get('expression')}"


def _targets(statement: Any) -> list[Any]:
    # Newer versions of the parser have a list; older ones the first.
    return list(statement.args.get("tables") or filter(None, [statement.args.get("this")]))


def _name(expression: Any) -> str:
    """The name as the database stores it when it is plain; a table's schema comes with it."""
    if expression is None:
        return "?"
    keys = ("catalog", "db", "this")
    parts = [getattr(expression.args.get(key), "name", "") for key in keys]
    return ".".join(filter(None, parts)) or expression.name or "?"


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
