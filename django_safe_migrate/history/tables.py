"""Reaching the history tables: through an alias or a bare connection, and without ever raising into a run."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import DatabaseError, DataError, InterfaceError, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.history.rows import ASCII, UTF8
from django_safe_migrate.models import Backup, Finding, MigrationRun, MigrationStep

logger = logging.getLogger(__name__)

MODELS: tuple[type[models.Model], ...] = (Backup, MigrationRun, MigrationStep, Finding)

#: What a database raises; anything else is a defect of ours and is not caught.
ERRORS = (DatabaseError, InterfaceError)

#: An alias, or a connection that leads to a database without an alias.
Target = str | BaseDatabaseWrapper


class Tables:
    """The history tables of one database, which may be missing or out of reach at any moment."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._available = False

    @property
    def alias(self) -> str:
        """The alias of the database, or of the connection."""
        return self._target if isinstance(self._target, str) else self._target.alias

    def reason_unavailable(self) -> str:
        """Return why the tables cannot be used now; empty when they can. A yes is remembered, a no is asked again."""
        if self._available:
            return ""
        with registered(self._target) as alias:
            try:
                _reconnect_if_lost(connections[alias])
                lacking = _missing(connections[alias])
            except ERRORS as error:
                return (
                    f"The history in database {self.alias!r} cannot be read ({_first_line(error)})."
                )
        self._available = not lacking
        if lacking:
            return f"The history in database {self.alias!r} lacks {', '.join(lacking)}."
        return ""

    def attempt(self, write: Callable[[str, str], None], what: str) -> str:
        """Call ``write`` with an alias and a character set; return why that failed, empty when it did not."""
        reason = self.reason_unavailable()
        if reason:
            return reason
        with registered(self._target) as alias:
            try:
                _reconnect_if_lost(connections[alias])
                _write_in_any_charset(write, alias)
            except ERRORS as error:
                self._available = False
                reason = f"The history in database {self.alias!r} could not take {what} ({_first_line(error)})."
                logger.warning(reason)
        return reason

    def read(self, query: Callable[[str], Iterable[Any]]) -> list[Any]:
        """Return the rows of a query, none when the tables are not there or the database fails."""
        if self.reason_unavailable():
            return []
        with registered(self._target) as alias:
            try:
                return list(query(alias))
            except ERRORS as error:
                self._available = False
                reason = f"The history in database {self.alias!r} cannot be read"
                logger.warning("%s (%s).", reason, _first_line(error))
                return []


@contextlib.contextmanager
def registered(target: Target) -> Iterator[str]:
    """Yield an alias that leads to this target; a connection that none leads to gets one for as long as the block runs."""
    if isinstance(target, str):
        yield target
        return
    if target.alias in connections and connections[target.alias] is target:
        yield target.alias
        return
    alias = f"safe_migrate_{uuid.uuid4().hex}"
    connections[alias] = target
    try:
        yield alias
    finally:
        del connections[alias]


def _missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the tables, and columns as ``table.column``, that the history needs and the database lacks."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        lacking: list[str] = []
        for model in MODELS:
            table = model._meta.db_table
            if table not in present:
                lacking.append(table)
                continue
            columns = _columns(connection, cursor, table)
            wanted = (field.column for field in model._meta.local_concrete_fields)
            lacking += [f"{table}.{column}" for column in wanted if column not in columns]
    return lacking


def _columns(connection: BaseDatabaseWrapper, cursor: Any, table: str) -> set[str]:
    """Ask with a query for no rows: Django's description of a table takes several queries, and on SQLite parses its SQL."""
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} WHERE 1 = 0", [])  # noqa: S608 - a name of ours
    return {column[0] for column in cursor.description}


def _write_in_any_charset(write: Callable[[str, str], None], alias: str) -> None:
    """Write; when a text is refused, once more in ASCII: a character set of the server may not hold all of Unicode."""
    try:
        write(alias, UTF8)
    except (*ERRORS, UnicodeError) as error:
        refused = isinstance(error, DataError | UnicodeError)
        if not refused and "Incorrect string value" not in str(error):
            raise
        write(alias, ASCII)


def _reconnect_if_lost(connection: BaseDatabaseWrapper) -> None:
    """Drop a connection that the server has closed, so that the next query opens a new one; never one that still works."""
    if connection.connection is None or connection.in_atomic_block:
        return
    if connection.errors_occurred and not connection.is_usable():
        connection.close()


def _first_line(error: Exception) -> str:
    """Return the first line of an error's text: servers add statements and values below it."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
