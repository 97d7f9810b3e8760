"""PostgreSQL's answers to the questions of ``Database``."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.databases.activity import (
    QUESTION_SECONDS,
    Blocker,
    Load,
    Progress,
    Wait,
)
from django_safe_migrate.databases.answers import ForeignKey, Replication, Session
from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.cancelling import Cancel
from django_safe_migrate.databases.locks import notice_silence
from django_safe_migrate.databases.postgresql import (
    activity,
    cancelling,
    catalogue,
    concurrent,
    condition,
    errors,
    locks_held,
    measurements,
    obstacles,
    positions,
    timeouts,
)
from django_safe_migrate.databases.postgresql.pooler import shares_sessions
from django_safe_migrate.databases.postgresql.run_lock import AdvisoryRunLock

if TYPE_CHECKING:
    from pathlib import Path

    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.databases.facts import TableLock
    from django_safe_migrate.databases.locks import RunLock
    from django_safe_migrate.databases.measurements import OnDisk
    from django_safe_migrate.databases.obstacles import OpenTransaction, Vacuum
    from django_safe_migrate.databases.positions import PointInTime, Position
    from django_safe_migrate.databases.rates import Rates


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

    def is_full_error(self, error: BaseException) -> bool:
        return errors.sqlstate(error) == errors.FULL

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
    def relaxed_for(self, sql: str, deadline: float | None = None) -> Iterator[None]:
        """
        Lift the lock timeout around a concurrent index statement or DETACH PARTITION CONCURRENTLY, outside of a transaction.

        They wait for every older transaction, and their waits count as waits for locks; a timeout there would leave an
        invalid index behind and spare nobody anything. The deadline takes the place of the statement timeout.
        """
        settings = {}
        if not self.connection.in_atomic_block and timeouts.is_concurrent(sql):
            settings["lock_timeout"] = "0"
            if deadline is not None:
                settings["statement_timeout"] = timeouts.milliseconds(deadline)
        with timeouts.session_settings(self.connection, settings):
            yield

    def allow_idleness(self) -> None:
        timeouts.allow_idleness(self.connection)
        notice_silence(self.connection)

    def shares_sessions(self) -> bool:
        return shares_sessions(self.connection, lambda: self.new_connection(AUTOCOMMIT=True))

    def can_repeat(self, sql: str) -> bool:
        """A concurrent index build that fails leaves an invalid index behind; any other statement leaves nothing."""
        return concurrent.leaves_nothing(sql)

    def leftovers(self, sql: str) -> tuple[str, ...]:
        return concurrent.leftovers(self, sql)

    def builder(self, sql: str) -> str:
        return concurrent.builder(self, sql)

    def knows_leftovers(self, sql: str) -> bool:
        return concurrent.leaves_nothing(sql) or concurrent.is_understood(sql)

    savepoints_release_locks = True

    def holds_locks_others_need(self) -> bool:
        return locks_held.holds_locks_others_need(self)

    # --- activity -----------------------------------------------------------------------------------------------------------

    names_no_blockers = ""

    def monitoring_connection(self) -> BaseDatabaseWrapper:
        return activity.monitoring_connection(self)

    def session_id(self) -> str:
        return activity.session_id(self)

    def bound_questions(self) -> None:
        self.ask("SELECT set_config('statement_timeout', %s, false)", [f"{QUESTION_SECONDS}s"])

    def waits(self, session: str) -> tuple[Wait, ...]:
        return activity.waits(self, session)

    def blockers(self, wait: Wait) -> tuple[Blocker, ...]:
        return activity.blockers(self, wait)

    def are_open(self, transactions: Collection[str]) -> bool | None:
        return activity.are_open(self, transactions)

    def end_idle_session(self, blocker: Blocker, after: float) -> bool:
        return activity.end_idle_session(self, blocker, after)

    def statement_progress(self, session: str) -> Progress | None:
        return activity.statement_progress(self, session)

    def load(self) -> Load:
        return activity.load(self)

    def statement_canceller(self) -> Cancel:
        return cancelling.statement_canceller(self)

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

    def _sizes_on_disk(self, tables: Sequence[str]) -> dict[str, OnDisk]:
        return measurements.sizes_on_disk(self, tables)

    def _sampled_rates(self, table: str) -> Rates:
        return measurements.sampled_rates(self, table)

    def _ends_measurement(self, error: BaseException) -> bool:
        return errors.sqlstate(error) in measurements.NOT_TO_BE_HAD

    def database_bytes(self) -> int | None:
        rows = self.ask_if_permitted(
            "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"
        )
        return int(rows[0][0]) if rows else None

    # --- obstacles ----------------------------------------------------------------------------------------------------------

    ends_prepared = "COMMIT PREPARED or ROLLBACK PREPARED with its name"

    def open_transactions(self, older_than: float) -> tuple[OpenTransaction, ...]:
        return obstacles.open_transactions(self, older_than)

    def conflicts(self, wanted: TableLock, held: str) -> bool:
        return obstacles.conflicts(wanted.mode, held)

    def wraparound_vacuums(self) -> tuple[Vacuum, ...]:
        return obstacles.wraparound_vacuums(self)

    def clients(self) -> tuple[int, int]:
        return obstacles.clients(self)

    def knows_replicas(self) -> bool:
        return obstacles.knows_replicas(self)

    def data_folder(self) -> Path | None:
        return condition.data_folder(self)

    # --- the log ------------------------------------------------------------------------------------------------------------

    def point_in_time(self) -> PointInTime:
        return positions.point_in_time(self)

    def position(self, name: str = "", *, always: bool = False) -> Position | None:
        return positions.position(self, name, always=always)

    no_replay = "WAL cannot be replayed on a dump; that takes a backup of the whole cluster, such as one of pgBackRest"

    def archive_now(self, limit: float) -> str:
        return positions.archive_now(self, limit)

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
