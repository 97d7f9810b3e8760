"""Carrying out the scenario `ledger` with our executor, in this process."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import get_database
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.observer import Conduct
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.execution.targets import plan_for
from django_safe_migrate.plan import freeze

APP = "tests.scenarios.ledger"


class Carrier:
    """Brings the scenario to a migration, and keeps the events."""

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
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.executor = SafeMigrationExecutor(connection)

    def to(self, name: str | None, **options: Any) -> None:
        """Carry out what is between now and this migration of the ledger; None is `zero`."""
        self.executor = SafeMigrationExecutor(self.connection)
        planned = plan_for(self.executor, (("ledger", name),))
        plan = freeze(self.connection.alias, planned.targets, planned.plan)
        conduct = Conduct(
            database=self.database,
            emit=lambda event, **payload: self.events.append((event, payload)),
            retry=self.retry,
            lock_timeout=self.lock_timeout,
            statement_timeout=None,
            before_step=lambda: None,
            indexes={(step.app_label, step.name): index for index, step in enumerate(plan.steps)},
        )
        self.executor.carry_out(plan, conduct, self.executor.current_state(), **options)

    def applied(self) -> list[str]:
        """The names recorded for the ledger, in order."""
        rows = self.executor.recorder.applied_migrations()
        return sorted(name for app, name in rows if app == "ledger")

    def columns(self) -> list[str]:
        """The columns of the table of accounts."""
        return sorted(self.database.columns("ledger_account"))

    def named(self, event: str) -> list[dict[str, Any]]:
        """The payloads of these events."""
        return [payload for name, payload in self.events if name == event]
