"""PostgreSQL's answers to the questions of ``Database``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db.utils import IntegrityError

from django_safe_migrate.databases.answers import ForeignKey, Replication, Session
from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.postgresql import catalogue, condition, errors, timeouts
from django_safe_migrate.databases.postgresql.run_lock import AdvisoryRunLock

if TYPE_CHECKING:
    from django_safe_migrate.databases.locks import RunLock


class PostgreSQLDatabase(Database):
    """PostgreSQL; names are those that the connection's search path shows."""

    vendor = "postgresql"
    #: https://www.postgresql.org/docs/current/ddl-system-columns.html
    implicit_columns = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})

    @property
    def name(self) -> str:
        configured = super().name
        if configured:
            return configured
        # A service file of libpq named it.
        return str(self.ask("SELECT pg_catalog.current_database()")[0][0])

    # --- errors -------------------------------------------------------------------------------------------------------------

    def is_lock_error(self, error: BaseException) -> bool:
        return errors.sqlstate(error) in errors.LOCK

    def is_connection_error(self, error: BaseException) -> bool:
        return errors.is_connection_error(self.connection, error)

    def is_refusal(self, error: BaseException) -> bool:
        return errors.sqlstate(error) in errors.REFUSAL

    # --- timeouts -----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def timeouts(self, lock: float | None, statement: float | None) -> Iterator[None]:
        asked = {"lock_timeout": lock, "statement_timeout": statement}
        wanted = {
            name: timeouts.milliseconds(seconds)
            for name, seconds in asked.items()
            if seconds is not None
        }
        with timeouts.session_settings(self.connection, wanted):
            yield

    @contextlib.contextmanager
    def relaxed_for(self, sql: str) -> Iterator[None]:
        """
        Lift the lock timeout around a concurrent index statement or DETACH PARTITION CONCURRENTLY, outside of a transaction.

        They wait for every older transaction, and their waits count as waits for locks; a timeout there would leave an
        invalid index behind and spare nobody anything.
        """
        relax = not self.connection.in_atomic_block and timeouts.is_concurrent(sql)
        with timeouts.session_settings(self.connection, {"lock_timeout": "0"} if relax else {}):
            yield

    def can_repeat(self, sql: str) -> bool:
        """A concurrent index statement that fails leaves an invalid index behind; any other statement leaves nothing."""
        return not timeouts.is_concurrent(sql)

    # --- the run lock -------------------------------------------------------------------------------------------------------

    def run_lock(self) -> RunLock:
        return AdvisoryRunLock(self)

    # --- tables -------------------------------------------------------------------------------------------------------------

    def tables(self) -> tuple[str, ...]:
        return catalogue.names(self)

    def table_columns(self, tables: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return catalogue.columns(self, tables)

    def foreign_keys(self, tables: Sequence[str]) -> tuple[ForeignKey, ...]:
        return catalogue.foreign_keys(self, tables)

    def estimated_rows(self, tables: Sequence[str]) -> dict[str, int]:
        return catalogue.numbers(self, catalogue.ESTIMATES, tables)

    def table_bytes(self, tables: Sequence[str]) -> dict[str, int]:
        return catalogue.numbers(self, catalogue.BYTES, tables)

    def database_bytes(self) -> int | None:
        rows = self.ask_if_permitted(
            "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"
        )
        return int(rows[0][0]) if rows else None

    def free_disk_bytes(self) -> int | None:
        return condition.free_disk_bytes(self)

    # --- condition ----------------------------------------------------------------------------------------------------------

    def missing_permissions(self, tables: Sequence[str] | None = None) -> tuple[str, ...]:
        return condition.missing_permissions(self, tables)

    def long_transactions(self, older_than: float) -> tuple[Session, ...]:
        return condition.long_transactions(self, older_than)

    def replication(self) -> Replication:
        return condition.replication(self)

    def invalid_indexes(self) -> tuple[str, ...]:
        return condition.pairs(self, condition.INVALID_INDEXES)

    def unvalidated_constraints(self) -> tuple[str, ...]:
        return condition.pairs(self, condition.UNVALIDATED_CONSTRAINTS)

    def check_constraints(self, tables: Sequence[str]) -> None:
        """
        Read the tables: what Django does here checks only what this transaction deferred.

        Rows that a restore wrote with triggers disabled are found only by reading.
        """
        super().check_constraints(tables)
        for broken in self.broken_foreign_keys(tables):
            key = broken.foreign_key
            raise IntegrityError(
                f"{broken.rows} rows of table {key.table} break its foreign key {key.name} to table {key.referenced_table}."
            )
