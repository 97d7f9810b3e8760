"""The answers of MariaDB and MySQL to the questions of ``Database``."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.activity import Blocker, Load, Progress, Wait
from django_safe_migrate.databases.answers import ForeignKey, Replication, Session
from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.cancelling import Cancel
from django_safe_migrate.databases.locks import RunLock, notice_silence
from django_safe_migrate.databases.measurements import OnDisk
from django_safe_migrate.databases.mysql import (
    activity,
    errors,
    measurements,
    obstacles,
    positions,
    privileges,
    timeouts,
)
from django_safe_migrate.databases.mysql.cancelling import StatementCanceller
from django_safe_migrate.databases.mysql.run_lock import NamedRunLock
from django_safe_migrate.databases.obstacles import OpenTransaction
from django_safe_migrate.databases.positions import PointInTime, Position
from django_safe_migrate.databases.queries import without_values
from django_safe_migrate.databases.rates import Rates

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'"
COLUMNS = """
    SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN %s ORDER BY TABLE_NAME, ORDINAL_POSITION
"""
ESTIMATES = """
    SELECT TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN %s AND TABLE_ROWS IS NOT NULL
"""
FOREIGN_KEYS = """
    SELECT CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
    FROM information_schema.KEY_COLUMN_USAGE
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN %s AND REFERENCED_TABLE_SCHEMA = DATABASE()
    ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION
"""
DATABASE_BYTES = "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
LONG_TRANSACTIONS = """
    SELECT p.ID, p.USER, p.HOST, p.COMMAND, TIMESTAMPDIFF(MICROSECOND, t.trx_started, NOW(6)) / 1000000 AS age,
           COALESCE(t.trx_query, p.INFO)
    FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
    WHERE p.ID <> CONNECTION_ID() AND p.DB = DATABASE() AND t.trx_started < NOW(6) - INTERVAL %s SECOND
    ORDER BY age DESC
"""
#: Of MariaDB, of MySQL from 8.0.22 on, and of older ones.
REPLICA_STATUS = ("SHOW ALL SLAVES STATUS", "SHOW REPLICA STATUS", "SHOW SLAVE STATUS")


class MySQLDatabase(Database):
    """MariaDB and MySQL, where every schema change commits by itself."""

    vendor = "mysql"

    @property
    def is_mariadb(self) -> bool:
        """Whether the server is MariaDB."""
        return bool(self.connection.mysql_is_mariadb)  # type: ignore[attr-defined]

    @property
    def product(self) -> str:
        return "MariaDB" if self.is_mariadb else "MySQL"

    # --- errors -------------------------------------------------------------------------------------------------------------

    def is_lock_error(self, error: BaseException) -> bool:
        return errors.number(error) in errors.LOCK

    def is_connection_error(self, error: BaseException) -> bool:
        return errors.is_connection_error(self.connection, error)

    def is_full_error(self, error: BaseException) -> bool:
        return errors.is_full(error)

    def is_refusal(self, error: BaseException) -> bool:
        return errors.number(error) in errors.REFUSAL

    # --- timeouts -----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def timeouts(self, lock: float | None, statement: float | None) -> Iterator[None]:
        """
        Bound waits for locks and the run time of statements while the block runs; None leaves the server's setting.

        The server knows whole seconds of waiting only, so ``lock`` is rounded up to those, and to at least 1. On MySQL the
        statement timeout stops SELECT only; on MariaDB every statement.
        """
        values = timeouts.wanted(lock=lock, statement=statement, is_mariadb=self.is_mariadb)
        with timeouts.session_variables(self.connection, values):
            yield

    def allow_idleness(self) -> None:
        timeouts.allow_idleness(self.connection)
        notice_silence(self.connection)

    # --- activity -----------------------------------------------------------------------------------------------------------

    names_no_blockers = ""
    #: InnoDB's tables are read anew only when nobody has read them for 0.1 s.
    least_pause = 0.15

    def monitoring_connection(self) -> BaseDatabaseWrapper:
        return activity.monitoring_connection(self)

    def session_id(self) -> str:
        return activity.session_id(self)

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
        return StatementCanceller(self)

    # --- the run lock -------------------------------------------------------------------------------------------------------

    def run_lock(self) -> RunLock:
        return NamedRunLock(self)

    # --- tables -------------------------------------------------------------------------------------------------------------

    def tables(self) -> tuple[str, ...]:
        return tuple(sorted(name for (name,) in self.ask(TABLES)))

    def table_columns(self, tables: Sequence[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {table: [] for table in tables}
        for table, column in self._ask_about(COLUMNS, tables):
            found[self._requested(table, found)].append(column)
        return {table: tuple(columns) for table, columns in found.items()}

    @staticmethod
    def _requested(table: str, found: dict[str, list[str]]) -> str:
        """The name as it was asked for: with lower_case_table_names the server has another case."""
        return (
            table
            if table in found
            else next(name for name in found if name.casefold() == table.casefold())
        )

    def estimated_rows(self, tables: Sequence[str]) -> dict[str, int]:
        return {table: int(rows) for table, rows in self._ask_about(ESTIMATES, tables)}

    def _sizes_on_disk(self, tables: Sequence[str]) -> dict[str, OnDisk]:
        return measurements.sizes_on_disk(self, tables)

    def _sampled_rates(self, table: str) -> Rates:
        return measurements.sampled_rates(self, table)

    def _ends_measurement(self, error: BaseException) -> bool:
        return errors.number(error) in measurements.NOT_TO_BE_HAD

    def _ask_about(self, sql: str, tables: Sequence[str]) -> list[tuple[Any, ...]]:
        return self.ask(sql, [tuple(tables)]) if tables else []

    def foreign_keys(self, tables: Sequence[str]) -> tuple[ForeignKey, ...]:
        keys: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
        for name, table, column, referenced, referenced_column in self._ask_about(
            FOREIGN_KEYS, tables
        ):
            keys.setdefault((str(name), str(table), str(referenced)), []).append(
                (str(column), str(referenced_column))
            )
        return tuple(
            ForeignKey(
                name,
                table,
                tuple(own for own, _ in pairs),
                referenced,
                tuple(other for _, other in pairs),
            )
            for (name, table, referenced), pairs in keys.items()
        )

    def database_bytes(self) -> int | None:
        size = self.ask(DATABASE_BYTES)[0][0]
        return int(size) if size is not None else 0

    # --- obstacles ----------------------------------------------------------------------------------------------------------

    ends_prepared = "XA COMMIT or XA ROLLBACK with its name, which XA RECOVER tells"

    def open_transactions(self, older_than: float) -> tuple[OpenTransaction, ...]:
        return obstacles.open_transactions(self, older_than)

    def clients(self) -> tuple[int, int]:
        return obstacles.clients(self)

    def data_folder(self) -> Path | None:
        # A forwarded port or a container leads to a host of another name.
        host, folder = self.ask("SELECT @@hostname, @@datadir")[0]
        is_here = host == socket.gethostname() and Path(folder).is_dir()
        return Path(folder) if is_here else None

    # --- the log ------------------------------------------------------------------------------------------------------------

    def point_in_time(self) -> PointInTime:
        return positions.point_in_time(self)

    def position(self, name: str = "", *, always: bool = False) -> Position | None:
        return positions.position(self)

    no_replay = (
        "it is not known where the binary log was when it was made, or that is after the point"
    )

    def replay(self, start: Mapping[str, Any], stop: Mapping[str, Any]) -> tuple[str, ...]:
        return positions.replay(self, start, stop)

    # --- condition ----------------------------------------------------------------------------------------------------------

    def missing_permissions(self, tables: Sequence[str] | None = None) -> tuple[str, ...]:
        schema = str(self.ask("SELECT DATABASE()")[0][0])
        grants = self._grants()
        missing = []
        if self.ask("SELECT @@global.read_only")[0][0] and not privileges.may_write_when_read_only(
            grants
        ):
            missing.append("write: the server is read-only (read_only), as a replica is")
        if self._session_is_read_only():
            missing.append("write: transactions of this session are read-only")
        missing.extend(f"{name} on schema {schema}" for name in privileges.missing(grants, schema))
        return tuple(missing)

    def _grants(self) -> list[str]:
        roles = self.ask_if_permitted("SELECT CURRENT_ROLE()") if not self.is_mariadb else None
        # MySQL shows what roles give only when they are named.
        using = roles[0][0] if roles and roles[0][0] not in {None, "NONE"} else ""
        sql = f"SHOW GRANTS FOR CURRENT_USER() USING {using}" if using else "SHOW GRANTS"
        return [str(grant) for (grant,) in self.ask(sql)]

    def _session_is_read_only(self) -> bool:
        rows = self.ask_if_permitted("SELECT @@session.transaction_read_only")
        return bool((rows or self.ask("SELECT @@session.tx_read_only"))[0][0])

    def long_transactions(self, older_than: float) -> tuple[Session, ...]:
        rows = self.ask_if_permitted(LONG_TRANSACTIONS, [older_than]) or ()
        return tuple(
            Session(str(pid), user, host, command, float(age), without_values(query, mysql=True))
            for pid, user, host, command, age, query in rows
        )

    def replication(self) -> Replication:
        rows = self._replica_status()
        lags = []
        for row in rows:
            lag = row.get("Seconds_Behind_Master", row.get("Seconds_Behind_Source"))
            source = row.get("Connection_name") or row.get("Channel_Name") or "this server"
            if lag is not None:
                lags.append((str(source), float(lag)))
        # A server that follows another and takes writes is one of two primaries.
        is_replica = bool(rows) and bool(self.ask("SELECT @@global.read_only")[0][0])
        return Replication(is_replica, tuple(lags))

    def _replica_status(self) -> list[dict[str, Any]]:
        statements = REPLICA_STATUS[:1] if self.is_mariadb else REPLICA_STATUS[1:]
        for sql in statements:
            if self.ask_if_permitted(sql) is not None:
                with self.connection.cursor() as cursor:
                    cursor.execute(sql)
                    names = [column[0] for column in cursor.description or ()]
                    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return []
