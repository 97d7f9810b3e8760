"""
The questions we ask of a database, with the cautious answer to each.

A vendor overrides what it knows better. Nothing here knows of runs, rules or stages. Every method works on the given Django
connection, outside of a transaction unless it says otherwise, and leaves no trace in the database.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate.databases.activity import ActivityQuestions
from django_safe_migrate.databases.answers import (
    BrokenForeignKey,
    ForeignKey,
    Replication,
    RowCount,
    Session,
)
from django_safe_migrate.databases.cancelling import CancellingQuestions
from django_safe_migrate.databases.locks import RunLock, UnlockedRunLock
from django_safe_migrate.databases.measurements import Measurements
from django_safe_migrate.databases.obstacles import ObstacleQuestions
from django_safe_migrate.databases.positions import PositionQuestions
from django_safe_migrate.databases.repeating import RepeatingQuestions

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class Database(
    Measurements,
    RepeatingQuestions,
    CancellingQuestions,
    ActivityQuestions,
    ObstacleQuestions,
    PositionQuestions,
):
    """What we know of one database; the base class knows only what Django and standard SQL know."""

    #: The value of Django's ``connection.vendor`` that this class serves.
    vendor = ""
    #: Whether a statement that waits for a lock keeps those waiting who come after it.
    others_queue_behind_us = True
    #: Columns that tables have without listing them, which a model may name all the same.
    implicit_columns: frozenset[str] = frozenset()

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.alias = connection.alias

    # --- identity -----------------------------------------------------------------------------------------------------------

    @property
    def product(self) -> str:
        """The vendor's name as people write it."""
        return str(self.connection.display_name)

    @property
    def name(self) -> str:
        """The database's name as the settings give it; never contains a password."""
        return str(self.connection.settings_dict["NAME"])

    @property
    def server(self) -> str:
        """Product and version, such as ``PostgreSQL 16.14``."""
        return f"{self.product} {'.'.join(str(part) for part in self.version)}"

    @property
    def version(self) -> tuple[int, ...]:
        """The server's version."""
        return tuple(self.connection.get_database_version())

    @property
    def can_rollback_ddl(self) -> bool:
        """Whether a schema change is undone by the rollback of its transaction."""
        return bool(self.connection.features.can_rollback_ddl)

    @property
    def can_record_in_transaction(self) -> bool:
        """Whether a migration's record can commit together with its schema change."""
        return self.can_rollback_ddl

    # --- errors -------------------------------------------------------------------------------------------------------------

    def is_lock_error(self, error: BaseException) -> bool:
        """Whether this error means that a lock was not had in time, or a deadlock was broken at our cost."""
        return False

    def is_connection_error(self, error: BaseException) -> bool:
        """Whether this error means that the connection is gone, or could not be had."""
        return False

    def is_full_error(self, error: BaseException) -> bool:
        """Whether this error means that the disk of the database, or a bound of its size, is full."""
        return False

    def is_refusal(self, error: BaseException) -> bool:
        """Whether this error means that the role may not ask a question, or that this server does not know it."""
        return False

    # --- timeouts -----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def timeouts(self, lock: float | None, statement: float | None) -> Iterator[None]:
        """
        Bound waits for locks and the run time of statements while the block runs; seconds, None leaves the server's setting.

        Entered outside of a transaction, so that a rollback does not undo it.
        """
        yield

    def allow_idleness(self) -> None:
        """Keep the server, and what lies between, from ending our session for being silent; its transactions keep their own limits."""

    def shares_sessions(self) -> bool:
        """Whether a pooler gives our session to others between our transactions, so that nothing of it can be relied on."""
        return False

    # --- asking -------------------------------------------------------------------------------------------------------------

    def ask(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params or None)
            return list(cursor.fetchall())

    def ask_if_permitted(
        self, sql: str, params: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]] | None:
        """
        Return the rows of a query, or None when this role may not ask or this server does not know it.

        A transaction that was open before is as usable afterwards as it was.
        """
        savepoint = self.connection.savepoint() if self.connection.in_atomic_block else None
        try:
            rows = self.ask(sql, params)
        except DatabaseError as error:
            if savepoint:
                self.connection.savepoint_rollback(savepoint)
            if not self.is_refusal(error):
                raise
            return None
        if savepoint:
            self.connection.savepoint_commit(savepoint)
        return rows

    # --- the run lock -------------------------------------------------------------------------------------------------------

    def run_lock(self) -> RunLock:
        """Return the lock that only one run on this database can hold, not yet acquired."""
        return UnlockedRunLock()

    # --- tables -------------------------------------------------------------------------------------------------------------

    def tables(self) -> tuple[str, ...]:
        """The names of ordinary tables (no views) that Django would see, sorted."""
        with self.connection.cursor() as cursor:
            found = self.connection.introspection.get_table_list(cursor)
        return tuple(sorted(table.name for table in found if table.type in {"t", "p"}))

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns, in order."""
        return self.table_columns([table])[table]

    def table_columns(self, tables: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The names of the columns of many tables, in order; every table must exist."""
        describe = self.connection.introspection.get_table_description
        with self.connection.cursor() as cursor:
            return {
                table: tuple(column.name for column in describe(cursor, table)) for table in tables
            }

    def foreign_keys(self, tables: Sequence[str]) -> tuple[ForeignKey, ...]:
        """The foreign keys that these tables have."""
        found = []
        with self.connection.cursor() as cursor:
            for table in tables:
                relations = self.connection.introspection.get_relations(cursor, table)
                for column, (referenced_column, referenced_table, *_) in relations.items():
                    found.append(
                        ForeignKey(column, table, (column,), referenced_table, (referenced_column,))
                    )
        return tuple(found)

    def has_rows(self, table: str, more_than: int = 0) -> bool:
        """Whether a table holds more rows than this; reads no more of them than it must."""
        quoted = self.connection.ops.quote_name(table)
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {quoted} LIMIT 1 OFFSET {int(more_than)}")  # noqa: S608 - quoted
            return cursor.fetchone() is not None

    def count_rows(self, table: str, where: str = "") -> int:
        """Count a table's rows exactly; ``where`` is a condition in SQL made of identifiers and constants of ours."""
        quoted = self.connection.ops.quote_name(table)
        condition = f" WHERE {where}" if where else ""
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {quoted}{condition}")  # noqa: S608 - a quoted identifier
            return int(cursor.fetchone()[0])

    def estimated_rows(self, tables: Sequence[str]) -> dict[str, int]:
        """The server's estimates of rows, for those tables that have one."""
        return {}

    def row_counts(self, tables: Iterable[str], *, exact_below: int) -> dict[str, RowCount]:
        """Count rows: exactly where the estimate lies below a bound or is missing, else the estimate."""
        names = list(tables)
        estimates = self.estimated_rows(names)
        counts: dict[str, RowCount] = {}
        for table in names:
            estimate = estimates.get(table)
            if estimate is not None and estimate >= exact_below:
                counts[table] = RowCount(estimate, exact=False)
            else:
                counts[table] = RowCount(self.count_rows(table), exact=True)
        return counts

    def database_bytes(self) -> int | None:
        """Bytes of the whole database, or None when that is not known."""
        return None

    # --- condition ----------------------------------------------------------------------------------------------------------

    def missing_permissions(self, tables: Sequence[str] | None = None) -> tuple[str, ...]:
        """
        What this role may not do and migrations need, each a phrase such as ``create tables in schema public``.

        ``tables`` are those that will be altered; None stands for all that exist.
        """
        return ()

    def long_transactions(self, older_than: float) -> tuple[Session, ...]:
        """Transactions of other sessions older than so many seconds, oldest first."""
        return ()

    def replication(self) -> Replication:
        """The state of replication as this role can see it."""
        return Replication()

    def invalid_indexes(self) -> tuple[str, ...]:
        """Indexes that exist and are not used, as ``table.index``."""
        return ()

    def unvalidated_constraints(self) -> tuple[str, ...]:
        """Constraints that existing rows were never checked against, as ``table.constraint``."""
        return ()

    def broken_foreign_keys(self, tables: Sequence[str]) -> tuple[BrokenForeignKey, ...]:
        """The foreign keys of these tables that some rows break, found by reading the tables."""
        counted = ((key, self._count_broken(key)) for key in self.foreign_keys(tables))
        return tuple(BrokenForeignKey(key, rows) for key, rows in counted if rows)

    def _count_broken(self, key: ForeignKey) -> int:
        quote = self.connection.ops.quote_name
        pairs = [
            (quote(c), quote(r)) for c, r in zip(key.columns, key.referenced_columns, strict=True)
        ]
        given = " AND ".join(f"child.{column} IS NOT NULL" for column, _ in pairs)
        same = " AND ".join(f"parent.{referenced} = child.{column}" for column, referenced in pairs)
        rows = self.ask(
            f"SELECT COUNT(*) FROM {quote(key.table)} child WHERE {given} AND NOT EXISTS "  # noqa: S608 - quoted
            f"(SELECT 1 FROM {quote(key.referenced_table)} parent WHERE {same})"
        )
        return int(rows[0][0])

    # --- connections --------------------------------------------------------------------------------------------------------

    def new_connection(self, alias: str | None = None, **settings: Any) -> BaseDatabaseWrapper:
        """Return another connection to the same server, not opened yet; ``settings`` replace keys of its DATABASES entry."""
        copy = self.connection.copy(alias)
        copy.settings_dict.update(settings)
        return copy

    def is_reachable(self) -> str:
        """Return an empty text when the server answers, else its reason."""
        try:
            self._round_trip()
        except (DatabaseError, InterfaceError) as error:
            return str(error).strip() or type(error).__name__
        return ""
