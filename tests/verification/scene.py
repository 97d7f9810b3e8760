"""A plan carried out by Django's own operations, with a moment in which a test can break the result."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from django.db import migrations, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.conf import Settings
from django_safe_migrate.databases import Database, get_database
from django_safe_migrate.findings import Finding
from django_safe_migrate.plan import Plan, freeze
from django_safe_migrate.verification import (
    Baseline,
    VerificationContext,
    VerificationResult,
    measure,
    verify,
)

Break = Callable[["Scene"], object]


def pk() -> models.BigAutoField[Any, Any]:
    return models.BigAutoField(primary_key=True)


class Scene:
    """Apps that exist only as migrations in memory, on one database."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.database: Database = get_database(connection)
        self.state = ProjectState()
        self.recorder = MigrationRecorder(connection)
        self.recorder.ensure_schema()
        self.settings: Settings = dataclasses.replace(conf.load(), health_checks=())
        self.context: VerificationContext | None = None

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        with self.connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
                rows = list(cursor.fetchall()) if cursor.description else []
        return rows

    def migration(
        self, label: str, operations: Sequence[Operation], depends_on: Sequence[str] = ()
    ) -> migrations.Migration:
        app_label, name = label.split(".")
        migration = migrations.Migration(name, app_label)
        migration.operations = list(operations)
        migration.dependencies = [(app, "0001") for app in depends_on]
        return migration

    def migrate(self, migration: migrations.Migration) -> None:
        """Apply a migration before the run."""
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            self.state = migration.apply(self.state, editor)
        self.recorder.record_applied(migration.app_label, migration.name)

    def plan(self, *steps: migrations.Migration, backwards: bool = False) -> Plan:
        targets = [(step.app_label, step.name) for step in steps]
        return freeze(
            self.connection.alias, targets, [(migration, backwards) for migration in steps]
        )

    def run(
        self,
        *steps: migrations.Migration,
        backwards: bool = False,
        base: ProjectState | None = None,
        meanwhile: Break | None = None,
        fake: bool = False,
        **settings: Any,
    ) -> VerificationResult:
        """
        Measure, carry the plan out, do what happens `meanwhile`, and verify.

        A plan backwards takes its steps from the newest; `base` is the state without them.
        """
        self.settings = dataclasses.replace(self.settings, **settings)
        plan = self.plan(*steps, backwards=backwards)
        before = base if base is not None else self.state
        baseline = measure(self.database, self.settings, plan=plan, state=before)
        for migration in steps:
            self._carry_out(migration, backwards, before, fake)
        if backwards:
            self.state = before
        if meanwhile is not None:
            meanwhile(self)
        return self.verify(plan, baseline, fake)

    def verify(
        self, plan: Plan, baseline: Baseline | None, fake: bool = False
    ) -> VerificationResult:
        self.context = VerificationContext(
            database=self.database,
            plan=plan,
            state=self.state,
            baseline=baseline,
            settings=self.settings,
            fake=fake,
        )
        return verify(self.context)

    def _carry_out(
        self, migration: migrations.Migration, backwards: bool, before: ProjectState, fake: bool
    ) -> None:
        record = self.recorder.record_unapplied if backwards else self.recorder.record_applied
        if fake:
            self.state = migration.mutate_state(self.state, preserve=False)
        else:
            with self.connection.schema_editor(atomic=migration.atomic) as editor:
                if backwards:
                    migration.unapply(before.clone(), editor)
                else:
                    self.state = migration.apply(self.state, editor)
        record(migration.app_label, migration.name)


def found(result: VerificationResult, check: str = "") -> list[tuple[str, str, str]]:
    """Return rule, severity and message of what was found, of one check or of all."""
    findings: list[Finding] = [
        finding for one in result.checks if check in {"", one.name} for finding in one.findings
    ]
    return [(finding.rule, finding.severity.label, finding.message) for finding in findings]


def looked_at(result: VerificationResult, check: str) -> str:
    """Return what one check says that it looked at."""
    return next(one.looked_at for one in result.checks if one.name == check)
