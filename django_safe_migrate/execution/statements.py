"""What was really executed: SQL texts with counts, seconds and rows, and the tables they name. Parameters are never kept."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django_safe_migrate.record import StatementRecord

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Different SQL texts kept for one operation; a data migration with literal values would otherwise fill the report.
MAX_TEXTS = 200
MAX_TEXT_LENGTH = 10_000
OTHERS = "-- other statements, not kept one by one"

_NAME = r'[`"]?(?P<name>[\w$]+)[`"]?(?:\.[`"]?(?P<second>[\w$]+)[`"]?)?'
_TABLE = re.compile(
    r"^\s*(?:"
    r"(?:CREATE|ALTER|DROP|TRUNCATE|LOCK|RENAME)\s+(?:TEMP\w*\s+)?TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?"
    r"|TRUNCATE\s+"
    r"|CREATE\s+(?:UNIQUE\s+)?INDEX\s.*?\sON\s+(?:ONLY\s+)?"
    r"|DROP\s+INDEX\s.*?\sON\s+"
    r"|(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO\s+"
    r"|UPDATE\s+(?:ONLY\s+)?"
    r"|DELETE\s+FROM\s+(?:ONLY\s+)?"
    r")" + _NAME,
    re.IGNORECASE | re.DOTALL,
)
#: SQLite's schema editor rebuilds a table under this prefix and renames it.
_REBUILD_PREFIX = "new__"

Wrapper = Callable[..., Any]


def table_of(sql: str) -> str:
    """Return the table that a statement changes, or an empty text when it changes none or it cannot be read."""
    match = _TABLE.match(sql)
    if match is None:
        return ""
    return (match["second"] or match["name"]).removeprefix(_REBUILD_PREFIX)


class StatementLog:
    """Collects the statements of one operation, equal texts together."""

    def __init__(self) -> None:
        self._by_text: dict[str, StatementRecord] = {}
        self.tables: set[str] = set()

    def __len__(self) -> int:
        return sum(record.count for record in self._by_text.values())

    def add(self, sql: str, seconds: float, rows: int | None, times: int = 1) -> None:
        """Count one execution; ``rows`` is what the driver reported, None when it reported nothing."""
        text = sql if len(sql) <= MAX_TEXT_LENGTH else sql[:MAX_TEXT_LENGTH] + " …"
        if text not in self._by_text and len(self._by_text) >= MAX_TEXTS:
            text = OTHERS
        record = self._by_text.get(text)
        if record is None:
            self._by_text[text] = StatementRecord(text, times, seconds, rows)
            if table := table_of(sql):
                self.tables.add(table)
            return
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

    ``around(execute, sql, params, many, context)`` carries each statement out, so that retries and timeouts can be put around it.
    """

    def wrapper(
        execute: Wrapper, sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        started = time.perf_counter()
        try:
            return around(execute, sql, params, many, context)
        finally:
            log.add(
                sql,
                time.perf_counter() - started,
                _rows(context),
                len(params) if many and params else 1,
            )

    with connection.execute_wrapper(wrapper):
        yield


def _rows(context: dict[str, Any]) -> int | None:
    rows = getattr(context["cursor"], "rowcount", None)
    return rows if isinstance(rows, int) and rows >= 0 else None
