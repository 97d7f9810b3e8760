"""Carrying out scenarios with our executor, in this process, and sessions that get in its way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import get_database
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.monitoring.monitor import Monitor, MonitorOptions
from django_safe_migrate.execution.monitoring.watching import NotWatching, Watching
from django_safe_migrate.execution.observer import Conduct
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.execution.stop import Stop
from django_safe_migrate.execution.targets import Planned, plan_for
from django_safe_migrate.plan import freeze

LEDGER = "tests.scenarios.ledger"
SQUASHED = "tests.scenarios.squashed"
CROSSING = ("tests.scenarios.crossing.authors", "tests.scenarios.crossing.books")


class Carrier:
    """Brings an app, the ledger unless told otherwise, to a migration, and keeps the events."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        *,
        attempts: int = 3,
        lock_timeout: float | None = 0.2,
    ) -> None:
        self.connection = connection
        self.database = get_database(connection)
        self.retry = RetryPolicy(attempts, 20.0)
        self.lock_timeout = lock_timeout
        self.concurrent_timeout: float | None = None
        self.monitor: Watching = NotWatching()
        self.stop = Stop()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.executor = SafeMigrationExecutor(connection)

    def to(self, name: str | None, app: str = "ledger", **options: Any) -> None:
        """Carry out what is between now and this migration; None is `zero`."""
        self.executor = SafeMigrationExecutor(self.connection)
        self.carry_out(plan_for(self.executor, ((app, name),)), **options)

    def to_latest(self) -> None:
        """Carry out everything that is pending."""
        self.executor = SafeMigrationExecutor(self.connection)
        leaves = self.executor.loader.graph.leaf_nodes()
        installed = [key for key in leaves if key[0] in {"ledger", "squashed", "authors", "books"}]
        self.carry_out(plan_for(self.executor, tuple(installed)))

    def carry_out_with(self, executor: SafeMigrationExecutor, planned: Planned) -> None:
        """Carry out a plan that this executor made."""
        self.executor = executor
        self.carry_out(planned)

    def carry_out(self, planned: Planned, **options: Any) -> None:
        """Carry a plan out with the executor that is at hand."""
        plan = freeze(self.connection.alias, planned.targets, planned.plan)
        self.executor.carry_out(
            plan, self.conduct(planned), self.executor.current_state(), **options
        )

    def conduct(self, planned: Planned) -> Conduct:
        """Return what the executor is told."""
        return Conduct(
            database=self.database,
            emit=lambda event, **payload: self.events.append((event, payload)),
            retry=self.retry,
            lock_timeout=self.lock_timeout,
            statement_timeout=None,
            before_step=self.before_step,
            ensure_held=self.ensure_held,
            concurrent_timeout=self.concurrent_timeout,
            monitor=self.monitor,
            stop=self.stop,
            indexes={
                (migration.app_label, migration.name): index
                for index, (migration, _) in enumerate(planned.plan)
            },
        )

    def before_step(self) -> None:
        """What is asked before each attempt; a test may replace it."""

    def ensure_held(self) -> None:
        """What is asked before an operation outside of a transaction, and before a commit; a test may replace it."""

    def applied(self, app: str = "ledger") -> list[str]:
        """The names recorded for an app, in order of name."""
        rows = self.executor.recorder.applied_migrations()
        return sorted(name for label, name in rows if label == app)

    def columns(self) -> list[str]:
        """The columns of the table of accounts."""
        return sorted(self.database.columns("ledger_account"))

    def named(self, event: str) -> list[dict[str, Any]]:
        """The payloads of these events."""
        return [payload for name, payload in self.events if name == event]

    @contextlib.contextmanager
    def watched(self, **options: Any) -> Iterator[dict[str, Any]]:
        """Let a monitor watch while the block runs; the dictionary holds what it saw, once the block has ended."""
        monitor = Monitor(
            self.database,
            lambda event, **payload: self.events.append((event, payload)),
            MonitorOptions(**options),
        )
        seen: dict[str, Any] = {}
        self.monitor = monitor
        monitor.start()
        try:
            yield seen
        finally:
            seen.update(monitor.stop())
            self.monitor = NotWatching()

    @contextlib.contextmanager
    def blocker(self, sql: str = "SELECT * FROM ledger_account") -> Iterator[BaseDatabaseWrapper]:
        """Hold the locks of a statement in another session's open transaction; another thread may end it."""
        other = self.database.new_connection()
        other.set_autocommit(False)
        other.inc_thread_sharing()
        try:
            with other.cursor() as cursor:
                cursor.execute(sql)
            yield other
        finally:
            other.rollback()
            other.close()
