"""What was really executed: SQL texts with counts, seconds and rows, and the tables they name. Values of rows are never kept."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.queries import without_values
from django_safe_migrate.record import StatementRecord

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Different SQL texts kept for one operation; a data migration that writes its SQL itself would otherwise fill the report.
MAX_TEXTS = 200
MAX_TEXT_LENGTH = 10_000
OTHERS = "-- other statements, not kept one by one"

#: What may stand before the first word of a statement.
LEADING = r"\A(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_IDENTIFIER = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|[\w$]+)'
_TABLE = re.compile(
    LEADING + r"(?:"
    r"(?:CREATE|ALTER|DROP|TRUNCATE|LOCK|RENAME)\s+(?:OR\s+REPLACE\s+)?(?:(?:TEMP\w*|UNLOGGED|VIRTUAL|ONLINE|IGNORE)\s+)*"
    r"TABLES?\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?"
    r"|TRUNCATE\s+(?:ONLY\s+)?"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?(?:(?:UNIQUE|FULLTEXT|SPATIAL)\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?"
    rf"(?:{_IDENTIFIER}\s+)?(?:USING\s+\w+\s+)?ON\s+(?:ONLY\s+)?"
    rf"|DROP\s+INDEX\s+(?:IF\s+EXISTS\s+)?{_IDENTIFIER}\s+ON\s+"
    r"|(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?|DROP\s+)TRIGGER\s.*?\sON\s+"
    r"|(?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+)?(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\s+)*INTO\s+"
    r"|(?:COPY|MERGE\s+INTO)\s+"
    r"|UPDATE\s+(?:OR\s+\w+\s+)?(?:(?:LOW_PRIORITY|IGNORE)\s+)*(?:ONLY\s+)?"
    r"|DELETE\s+(?:(?:LOW_PRIORITY|QUICK|IGNORE)\s+)*(?:FROM\s+(?:ONLY\s+)?)?"
    r"|COMMENT\s+ON\s+(?:TABLE|(?P<column>COLUMN))\s+"
    rf")(?P<name>{_IDENTIFIER}(?:\.{_IDENTIFIER})*)",
    re.IGNORECASE | re.DOTALL,
)
#: SQLite's schema editor rebuilds a table under this prefix and renames it.
_REBUILD_PREFIX = "new__"

#: Statements whose literals belong to the schema; any other may carry values of rows, or a password.
_SCHEMA = re.compile(
    LEADING
    + r"(?:COMMENT\s+ON|(?:CREATE|ALTER|DROP|RENAME|TRUNCATE)\b[^'\"`(]*?"
    + r"\b(?:TABLE|INDEX|VIEW|SEQUENCE|TYPE|DOMAIN|SCHEMA|EXTENSION|TRIGGER|FUNCTION|PROCEDURE|COLLATION|STATISTICS)\b)",
    re.IGNORECASE | re.DOTALL,
)
#: What a new column gets in every row that exists; PostgreSQL's schema editor writes that parameter into the text.
_DEFAULT = re.compile(r"(\bDEFAULT\s+)'(?:[^'\\]|\\.|'')*(?:'|\Z)", re.IGNORECASE | re.DOTALL)

Wrapper = Callable[..., Any]


def table_of(sql: str) -> str:
    """Return the table that a statement changes, or an empty text when it changes none or it cannot be read."""
    match = _TABLE.match(sql)
    if match is None:
        return ""
    parts = re.findall(_IDENTIFIER, match["name"])
    if match["column"]:
        parts.pop()
    return _unquoted(parts[-1]).removeprefix(_REBUILD_PREFIX) if parts else ""


def text_of(sql: object, connection: BaseDatabaseWrapper) -> str:
    """Return a statement as text; besides text, drivers take bytes and objects of their own, such as ``psycopg.sql.Composed``."""
    if isinstance(sql, str):
        return sql
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    as_string = getattr(sql, "as_string", None)
    if callable(as_string):
        return str(as_string(connection.connection))
    return f"-- a statement given as {type(sql).__name__}"


def shown(sql: str, *, mysql: bool = False) -> str:
    """
    Return a statement as it may be recorded: cut to a bearable length, and without the values of rows.

    Args:
        sql: the statement as executed.
        mysql: whether it is read as MySQL does, where ``"..."`` is a string.
    """
    if len(sql) <= MAX_TEXT_LENGTH:
        return _recordable(sql, mysql)
    return f"{_recordable(sql[:MAX_TEXT_LENGTH], mysql)} …"


@functools.lru_cache(maxsize=256)
def _recordable(text: str, mysql: bool) -> str:
    if _SCHEMA.match(text):
        return _DEFAULT.sub(r"\1?", text)
    return without_values(text, mysql=mysql)


class StatementLog:
    """Collects the statements of one operation, equal texts together."""

    def __init__(self) -> None:
        self._by_text: dict[str, StatementRecord] = {}
        self.tables: set[str] = set()

    def __len__(self) -> int:
        return sum(record.count for record in self._by_text.values())

    def add(self, sql: str, seconds: float, rows: int | None, times: int = 1) -> None:
        """Count one execution; ``rows`` is what the driver reported, None when it reported nothing."""
        record = self._by_text.get(sql)
        if record is None:
            if table := table_of(sql):
                self.tables.add(table)
            if len(self._by_text) >= MAX_TEXTS:
                sql = OTHERS
            record = self._by_text.setdefault(sql, StatementRecord(sql, 0))
        record.count += times
        record.seconds += seconds
        if rows is not None:
            record.rows = (record.rows or 0) + rows

    def records(self) -> list[StatementRecord]:
        """The statements in the order first seen."""
        return list(self._by_text.values())


@contextmanager
def capture(connection: BaseDatabaseWrapper, log: StatementLog, around: Wrapper) -> Iterator[None]:
    """
    Record every statement on a connection into ``log`` while the block runs.

    ``around(execute, sql, params, many, context)`` carries each statement out, so that retries and timeouts can be put around it. Each
    execution is measured by itself: what ``around`` sleeps between two is not the statement's time.
    """
    # Who quotes names with backticks reads "..." as a string.
    mysql = connection.ops.quote_name("x").startswith("`")

    def wrapper(
        execute: Wrapper, sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        def measured(sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
            text, rows = shown(text_of(sql, connection), mysql=mysql), None
            started = time.perf_counter()
            try:
                result = execute(sql, params, many, context)
                rows = _rows(context)
                return result
            finally:
                log.add(text, time.perf_counter() - started, rows, _times(params, many))

        return around(measured, sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


def _rows(context: dict[str, Any]) -> int | None:
    rows = getattr(context["cursor"], "rowcount", None)
    return rows if isinstance(rows, int) and rows >= 0 else None


def _times(params: Any, many: bool) -> int:
    """How many statements one call stands for; a generator of parameters cannot be counted."""
    return len(params) if many and hasattr(params, "__len__") else 1


def _unquoted(identifier: str) -> str:
    quote = identifier[0]
    return identifier[1:-1].replace(quote * 2, quote) if quote in '"`' else identifier
