"""What a run would do, found out without touching anything: plan, SQL with its confidence, findings, backup, and the way back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from django_safe_migrate import backup_policy, conf
from django_safe_migrate.backups import get_backend
from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.locks import UnlockedRunLock
from django_safe_migrate.execution.observer import DEFERRED_DESCRIPTION
from django_safe_migrate.findings import Finding
from django_safe_migrate.plan import PlannedMigration, freeze
from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports.forecast import forecast_json
from django_safe_migrate.reports.preview import render_preview
from django_safe_migrate.run import Run
from django_safe_migrate.sql import DEFERRED, OperationSQL, SqlCollector
from django_safe_migrate.stages.preflight import assess_run
from django_safe_migrate.stages.rehearse import decision as rehearsal_decision
from django_safe_migrate.step_plan import foreseen_steps

if TYPE_CHECKING:
    from django_safe_migrate.analysis import Forecast
    from django_safe_migrate.execution.executor import SafeMigrationExecutor
    from django_safe_migrate.execution.surroundings import Surroundings
    from django_safe_migrate.execution.targets import Planned
    from django_safe_migrate.run import RunOptions


#: The SQL of one migration, operation by operation.
Collected = tuple[OperationSQL, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class PreviewOperation:
    """One operation and the SQL expected of it; ``confidence`` is exact, approximate or unavailable, ``reason`` says why."""

    description: str
    statements: tuple[str, ...]
    confidence: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class PreviewStep:
    """
    One migration: its operations, what it will do, and what going back from it could not bring back.

    ``forecast`` is None of a migration that is only recorded, and of one that the settings leave out (``left_out``). ``kept`` says what is
    kept of what it destroys, and what is put back.
    """

    label: str
    direction: str
    atomic: bool
    operations: tuple[PreviewOperation, ...]
    irreversible: tuple[str, ...]
    lossy: tuple[str, ...]
    forecast: Forecast | None = None
    left_out: bool = False
    kept: tuple[str, ...] = ()

    @property
    def way_back(self) -> str:
        """lossless, lossy or impossible."""
        if self.irreversible:
            return "impossible"
        return "lossy" if self.lossy else "lossless"


@dataclasses.dataclass(frozen=True, slots=True)
class Preview:
    """
    The whole of it.

    ``backup`` is the decision in one sentence, ``backup_bytes`` what would have to be read for it; ``rehearsal`` is the same of a rehearsal,
    empty when none was asked for; ``skipped`` is what is not undone.
    """

    database: str
    server: str
    kind: str
    steps: tuple[PreviewStep, ...]
    findings: tuple[Finding, ...]
    backup: str
    backup_bytes: int | None
    rehearsal: str = ""
    skipped: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        data = dataclasses.asdict(dataclasses.replace(self, findings=()))
        data["schema_version"] = 1
        data["findings"] = [finding.to_json() for finding in self.findings]
        for step, told in zip(self.steps, data["steps"], strict=True):
            told["way_back"] = step.way_back
            told["forecast"] = forecast_json(step.forecast)
        return data

    def render(self, output: str) -> str:
        """Return it in the format text, markdown or json."""
        return render_preview(self, output)


def preview(
    executor: SafeMigrationExecutor,
    planned: Planned,
    options: RunOptions,
    surroundings: Surroundings,
) -> Preview:
    """Return what a run with these options would do; takes no lock and writes nothing."""
    database = get_database(executor.connection)
    settings = conf.load()
    plan = freeze(database.alias, planned.targets, planned.plan)
    state = executor.state_without(plan)
    needs_backup, reason = backup_policy.decide(options, database, plan, state)
    steps, foresight = foreseen_steps(executor, plan, state, database, settings, options)
    run = Run(
        options=options,
        settings=settings,
        database=database,
        executor=executor,
        plan=plan,
        record=RunRecord("", steps=steps),
        foresight=foresight,
        emit=lambda name, **payload: None,
        lock=UnlockedRunLock(),
        surroundings=surroundings,
        ask=lambda run, findings: False,
        state_without_plan=state,
        is_first_install=not executor.loader.applied_migrations,
        needs_backup=needs_backup,
        backup_reason=reason,
        backup_backend=lambda: get_backend(settings),
    )
    if not plan:
        return _preview(run, (), [])
    collected = _collect(run)
    sql = {step.label: found for step, found in zip(plan.steps, collected, strict=True)}
    assessment = assess_run(run, sql)
    run.forecasts = assessment.forecasts
    return _preview(run, assessment.findings, collected)


def preview_of(run: Run, findings: tuple[Finding, ...]) -> Preview:
    """Return the preview of a run whose findings and forecasts are known."""
    return _preview(run, findings, _collect(run))


def _preview(run: Run, findings: tuple[Finding, ...], collected: list[Collected]) -> Preview:
    return Preview(
        database=run.options.database,
        server=run.database.server,
        kind=run.options.kind,
        steps=_steps(run, collected),
        findings=findings,
        backup=run.backup_reason,
        backup_bytes=run.database.database_bytes() if run.needs_backup else None,
        rehearsal=rehearsal_decision(run),
    )


def _collect(run: Run) -> list[Collected]:
    collector = SqlCollector(run.executor.connection, run.state_without_plan)
    return collector.collect_plan(run.plan.django_plan())


def _steps(run: Run, collected: list[Collected]) -> tuple[PreviewStep, ...]:
    return tuple(
        PreviewStep(
            step.label,
            step.direction,
            record.atomic,
            tuple(
                _operation(step, one)
                for one in operations
                if one.index != DEFERRED or one.statements
            ),
            tuple(record.irreversible),
            tuple(record.lossy),
            run.forecasts.get(step.label),
            left_out=not run.options.fake and step.label not in run.forecasts,
            kept=run.foresight.words(step.label) if run.foresight else (),
        )
        for step, record, operations in zip(
            run.plan.steps, run.record.steps, collected, strict=True
        )
    )


def _operation(step: PlannedMigration, sql: OperationSQL) -> PreviewOperation:
    description = (
        DEFERRED_DESCRIPTION if sql.index == DEFERRED else step.operations[sql.index].description
    )
    return PreviewOperation(description, sql.statements, sql.confidence.value, sql.reason)
