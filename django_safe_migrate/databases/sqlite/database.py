"""SQLite's answers to the questions of ``Database``."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from django.db.utils import DatabaseError

from django_safe_migrate.databases.answers import BrokenForeignKey, ForeignKey, TableSize
from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.cancelling import Cancel
from django_safe_migrate.databases.causes import causes
from django_safe_migrate.databases.locks import RunLock
from django_safe_migrate.databases.rates import Rates
from django_safe_migrate.databases.sqlite import cancelling, measurements
from django_safe_migrate.databases.sqlite.run_lock import FileRunLock, MemoryRunLock
from django_safe_migrate.databases.sqlite.timeouts import busy_timeout, statement_timeout

#: SQLite puts details into the higher bytes of a code.
_PRIMARY_CODE = 0xFF

# Not of views: SQLite answers for all or none, and one whose table is missing is an error.
COLUMNS = """
    SELECT t.name, c.name FROM sqlite_master t, pragma_table_xinfo(t.name) c
    WHERE t.type = 'table' AND c.hidden <> 1 ORDER BY t.name, c.cid
"""
COLUMNS_OF_ONE = "SELECT name FROM pragma_table_xinfo(%s) WHERE hidden <> 1 ORDER BY cid"


class SQLiteDatabase(Database):
    """SQLite: one file, or memory of this process."""

    vendor = "sqlite"
    others_queue_behind_us = False
    names_no_blockers = "SQLite does not tell who holds the lock of its file."
    #: https://www.sqlite.org/rowidtable.html; models over full-text tables use them as their primary key.
    implicit_columns = frozenset({"rowid", "oid", "_rowid_"})

    @property
    def file(self) -> Path | None:
        """The database's file with symbolic links resolved, as SQLite knows it; None for a database in memory."""
        for _, schema, path in self.ask("PRAGMA database_list"):
            if schema == "main" and path:
                return Path(path).resolve()
        return None

    # --- errors -------------------------------------------------------------------------------------------------------------

    def is_lock_error(self, error: BaseException) -> bool:
        return any(
            _code(cause) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} for cause in causes(error)
        )

    def is_full_error(self, error: BaseException) -> bool:
        return any(_code(cause) == sqlite3.SQLITE_FULL for cause in causes(error))

    def is_refusal(self, error: BaseException) -> bool:
        # An optional module that this SQLite was built without.
        return "no such table" in str(error) or "no such module" in str(error)

    # --- timeouts -----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def timeouts(self, lock: float | None, statement: float | None) -> Iterator[None]:
        with busy_timeout(self.connection, lock), statement_timeout(self.connection, statement):
            yield

    def statement_canceller(self) -> Cancel:
        return cancelling.statement_canceller(self)

    # --- the run lock -------------------------------------------------------------------------------------------------------

    def run_lock(self) -> RunLock:
        file = self.file
        return MemoryRunLock(f"{self.alias}:{self.name}") if file is None else FileRunLock(file)

    # --- tables -------------------------------------------------------------------------------------------------------------

    def table_columns(self, tables: Sequence[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {table: [] for table in tables}
        # SQLite's names do not depend on case.
        by_name = {table.casefold(): table for table in tables}
        for table, column in self.ask(COLUMNS):
            if table.casefold() in by_name:
                found[by_name[table.casefold()]].append(column)
        for view in [name for name, columns in found.items() if not columns]:
            found[view] = [column for (column,) in self.ask(COLUMNS_OF_ONE, [view])]
        return {table: tuple(columns) for table, columns in found.items()}

    def table_sizes(self, tables: Iterable[str]) -> dict[str, TableSize]:
        return measurements.table_sizes(self, list(tables))

    def _sampled_rates(self, table: str) -> Rates:
        return measurements.sampled_rates(self, table)

    def _ends_measurement(self, error: BaseException) -> bool:
        return any(_code(cause) in measurements.NOT_TO_BE_HAD for cause in causes(error))

    def database_bytes(self) -> int | None:
        pages = int(self.ask("PRAGMA page_count")[0][0]) * int(self.ask("PRAGMA page_size")[0][0])
        file = self.file
        if file is None:
            return pages
        log = file.with_name(f"{file.name}-wal")
        return pages + (log.stat().st_size if log.exists() else 0)

    def data_folder(self) -> Path | None:
        file = self.file
        return None if file is None else file.parent

    # --- condition ----------------------------------------------------------------------------------------------------------

    def missing_permissions(self, tables: Sequence[str] | None = None) -> tuple[str, ...]:
        file = self.file
        missing = []
        if file is not None and not os.access(file, os.W_OK):
            missing.append(f"write to the file {file}")
        if file is not None and not os.access(file.parent, os.W_OK | os.X_OK):
            missing.append(
                f"create files in the folder {file.parent}, where SQLite keeps its journal"
            )
        if not missing and self._refuses_writes():
            missing.append(
                "write: the connection is read-only (mode=ro, immutable=1 or PRAGMA query_only)"
            )
        return tuple(missing)

    def _refuses_writes(self) -> bool:
        """Try to write what is there already, and undo it; that somebody else is writing says nothing about us."""
        if self.ask("PRAGMA query_only")[0][0]:
            return True
        if self.connection.in_atomic_block:
            return False
        with self.timeouts(lock=0, statement=None), self.connection.cursor() as cursor:
            try:
                cursor.execute("BEGIN IMMEDIATE")
            except DatabaseError as error:
                return _is_read_only(error)
            try:
                # A connection that cannot write begins like any other.
                version = int(cursor.execute("PRAGMA user_version").fetchone()[0])
                cursor.execute(f"PRAGMA user_version = {version}")
            except DatabaseError as error:
                return _is_read_only(error)
            finally:
                cursor.execute("ROLLBACK")
        return False

    def broken_foreign_keys(self, tables: Sequence[str]) -> tuple[BrokenForeignKey, ...]:
        """Ask SQLite's own check, which also knows keys of several columns."""
        broken: list[BrokenForeignKey] = []
        quote = self.connection.ops.quote_name
        for table in tables:
            rows: Counter[int] = Counter(
                row[3] for row in self.ask(f"PRAGMA foreign_key_check({quote(table)})")
            )
            keys = self._foreign_keys_by_number(table) if rows else {}
            broken.extend(
                BrokenForeignKey(keys[number], count) for number, count in sorted(rows.items())
            )
        return tuple(broken)

    def foreign_keys(self, tables: Sequence[str]) -> tuple[ForeignKey, ...]:
        return tuple(
            key for table in tables for key in self._foreign_keys_by_number(table).values()
        )

    def _foreign_keys_by_number(self, table: str) -> dict[int, ForeignKey]:
        columns: dict[int, list[tuple[str, str]]] = {}
        referenced: dict[int, str] = {}
        quoted = self.connection.ops.quote_name(table)
        for number, place, parent, column, parent_column, *_ in self.ask(
            f"PRAGMA foreign_key_list({quoted})"
        ):
            # Without a column the key references the primary key, column by column.
            named = parent_column or self._primary_key(parent)[place]
            columns.setdefault(number, []).append((column, named))
            referenced[number] = parent
        return {
            number: ForeignKey(
                ", ".join(own for own, _ in pairs),
                table,
                tuple(own for own, _ in pairs),
                referenced[number],
                tuple(other for _, other in pairs),
            )
            for number, pairs in columns.items()
        }

    def _primary_key(self, table: str) -> dict[int, str]:
        """The columns of a table's primary key by their place in it, from 0; for a place that it does not have, the row's own number."""
        found = self.ask("SELECT pk - 1, name FROM pragma_table_info(%s) WHERE pk > 0", [table])
        return defaultdict(lambda: "rowid", {place: str(name) for place, name in found})


def _is_read_only(error: BaseException) -> bool:
    return any(_code(cause) == sqlite3.SQLITE_READONLY for cause in causes(error))


def _code(error: BaseException) -> int:
    """Return SQLite's primary code of an error, 0 when it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY_CODE
