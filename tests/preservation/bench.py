"""Carries single migrations out, in this process, as a run does, with a ``Keeper``."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db import migrations, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.state import ProjectState

from django_safe_migrate.conf import PreserveSettings
from django_safe_migrate.databases import get_database
from django_safe_migrate.execution.editing import schema_editor
from django_safe_migrate.execution.observer import Conduct, StepObserver
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.plan import freeze
from django_safe_migrate.preservation.keeping import Keeper
from django_safe_migrate.preservation.registry import Kept, Registry

POLICY = PreserveSettings(enabled=True, max_rows=1000, max_size=10**6, keep_for=86400.0)


def migration(name: str, *operations: Any, atomic: bool = True) -> migrations.Migration:
    """Return a migration of the app ``shop``."""
    made = migrations.Migration(name, "shop")
    made.operations = list(operations)
    made.atomic = atomic
    return made


def identity() -> tuple[str, Any]:
    return ("id", models.BigAutoField(primary_key=True))


class Bench:
    """A shop in one database: ``forwards`` and ``backwards`` carry a migration out, ``notices`` holds what was said."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.database = get_database(connection)
        self.policy = POLICY
        self.state = ProjectState()
        self.notices: list[str] = []
        self._states: dict[str, ProjectState] = {}

    def forwards(self, *plan: migrations.Migration) -> None:
        keeper = self._keeper(plan, backwards=False)
        for one in plan:
            self._states[one.name] = self.state.clone()
            self.state = self._carry_out(one, keeper, "database_forwards")
        keeper.finish(self._plan(plan, backwards=False), self.state)

    def backwards(self, *plan: migrations.Migration) -> None:
        keeper = self._keeper(plan, backwards=True)
        for one in plan:
            self.state = self._states[one.name].clone()
            self._carry_out(one, keeper, "database_backwards")
        keeper.finish(self._plan(plan, backwards=True), self.state)

    def _carry_out(self, one: migrations.Migration, keeper: Keeper, method: str) -> ProjectState:
        conduct = Conduct(
            database=self.database,
            emit=lambda name, **payload: None,
            retry=RetryPolicy(3, 5.0),
            lock_timeout=None,
            statement_timeout=None,
            before_step=lambda: None,
            indexes={("shop", one.name): 0},
            keeping=keeper,
        )
        observer = StepObserver(conduct, 0)
        with schema_editor(self.connection, atomic=bool(one.atomic)) as editor:
            with observer.watching(one, method):
                state = self.state.clone()
                if method == "database_forwards":
                    state = one.apply(state, editor)
                else:
                    state = one.unapply(state, editor)
            observer.flush_deferred(editor)
        return state

    def _plan(self, plan: Any, *, backwards: bool) -> Any:
        return freeze("default", (), [(one, backwards) for one in plan])

    def _keeper(self, plan: Any, *, backwards: bool) -> Keeper:
        self.notices = []
        return Keeper(
            self.database,
            self.policy,
            lambda name, **payload: self.notices.append(payload["message"]),
            self._plan(plan, backwards=backwards),
            "0123abcd",
        )

    def limit(self, **changed: Any) -> None:
        """Change the policy."""
        self.policy = dataclasses.replace(self.policy, **changed)

    def sql(self, sql: str) -> list[tuple[Any, ...]]:
        """Execute SQL with names that need no quotes; return rows, if it has any."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    @property
    def kept(self) -> list[Kept]:
        return Registry(self.connection).rows()

    @property
    def side_tables(self) -> list[str]:
        """The side tables that exist."""
        return [
            one for one in self.database.tables() if one.startswith("django_safe_migrate_kept_")
        ]
