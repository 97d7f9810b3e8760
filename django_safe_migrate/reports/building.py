"""Building the report out of a run's record."""

from __future__ import annotations

import dataclasses
from typing import Any

from django_safe_migrate.record import OperationRecord, RunRecord, StepRecord
from django_safe_migrate.reports import point_in_time, units
from django_safe_migrate.reports.document import (
    SCHEMA_VERSION,
    BackupFacts,
    Check,
    Failure,
    Migration,
    Monitoring,
    Opening,
    Operation,
    Performance,
    Report,
    RunFacts,
    Stage,
    Statement,
)
from django_safe_migrate.reports.rollback_plan import plan_rollback

#: The statements whose row count says how much data they changed.
_WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE")


def build(record: RunRecord) -> Report:
    """Return the report of a run, finished or not."""
    backup = _backup(record)
    return Report(
        schema_version=SCHEMA_VERSION,
        run=_facts(record),
        tables=tuple(record.affected_tables),
        stages=tuple(
            Stage(
                name=stage.name,
                status=stage.status,
                seconds=stage.seconds,
                detail=dict(stage.detail),
            )
            for stage in record.stages
        ),
        migrations=_migrations(record),
        performance=_performance(record),
        monitoring=_monitoring(record),
        breakers=_breakers(record),
        checks=_checks(record),
        findings=tuple(sorted(record.findings, key=lambda finding: -finding.severity)),
        failure=_failure(record),
        notices=tuple(record.notices),
        backup=backup,
        point_in_time=point_in_time.of_record(record),
        rollback=plan_rollback(record, backup),
    )


def _facts(record: RunRecord) -> RunFacts:
    names = [field.name for field in dataclasses.fields(RunFacts) if field.name != "outcome"]
    return RunFacts(**{name: getattr(record, name) for name in names}, outcome=record.outcome)


def _migrations(record: RunRecord) -> tuple[Migration, ...]:
    forecasts = _detail(record, "preflight").get("forecasts") or {}
    return tuple(_migration(step, forecasts.get(step.label)) for step in record.steps)


def _migration(step: StepRecord, forecast: dict[str, Any] | None) -> Migration:
    return Migration(
        app_label=step.app_label,
        name=step.name,
        direction=step.direction,
        status=step.status,
        started_at=step.started_at,
        seconds=step.seconds,
        attempts=step.attempts,
        forecast=() if forecast is None else _forecast(forecast),
        impact=_impact(step),
        tables=tuple(step.tables),
        error=step.error,
        operations=tuple(_operation(operation) for operation in step.operations),
    )


def _forecast(forecast: dict[str, Any]) -> tuple[str, ...]:
    # Not at the top: the admin and status pages build reports, and need nothing of the analysis.
    from django_safe_migrate.analysis.forecast import Forecast
    from django_safe_migrate.reports.forecast import lines

    return lines(Forecast.from_json(forecast))


def _operation(operation: OperationRecord) -> Operation:
    return Operation(
        description=operation.description,
        seconds=operation.seconds,
        finished=operation.finished,
        tables=tuple(operation.tables),
        statements=tuple(
            Statement(sql=one.sql, count=one.count, seconds=one.seconds, rows=one.rows)
            for one in operation.statements
        ),
    )


def _impact(step: StepRecord) -> str:
    """What a step did, in words, from the statements that were seen."""
    if step.status == "planned":
        return "not carried out"
    if step.status == "faked":
        return "recorded only"
    statements = [statement for operation in step.operations for statement in operation.statements]
    count = sum(statement.count for statement in statements)
    if not count:
        return "no SQL" if step.is_done else "no operation was finished"
    rows = sum(
        statement.rows
        for statement in statements
        if statement.rows
        and statement.rows > 0
        and statement.sql.lstrip().upper().startswith(_WRITING)
    )
    parts = [units.number(count, "statement")]
    parts += [f"{units.number(rows, 'row')} written"] if rows else []
    parts += [units.listed(step.tables)] if step.tables else []
    return "; ".join(parts)


def _performance(record: RunRecord) -> Performance:
    detail = _detail(record, "execute")
    resources = detail.get("resources") or {}
    statements = [
        one
        for step in record.steps
        for operation in step.operations
        for one in operation.statements
    ]
    return Performance(
        response_seconds_before=detail.get("response_seconds_before"),
        response_seconds_after=detail.get("response_seconds_after"),
        statements=sum(statement.count for statement in statements),
        statement_seconds=sum(statement.seconds for statement in statements),
        retries=_retries(record, detail),
        peak_rss_bytes=resources.get("peak_rss_bytes"),
        cpu_seconds=resources.get("cpu_seconds"),
        peak_connections=resources.get("peak_connections"),
    )


def _retries(record: RunRecord, detail: dict[str, Any]) -> int:
    """Attempts at statements, operations and migrations; of a run that did not come to its end only those at migrations are known."""
    repeated = detail.get("repeated")
    if repeated is None:
        return sum(max(0, step.attempts - 1) for step in record.steps)
    return sum(int(count) for count in repeated.values())


def _monitoring(record: RunRecord) -> Monitoring | None:
    """What was seen in all; or what was seen last, of a run that goes on or was killed."""
    seen = _detail(record, "execute").get("monitoring") or record.monitoring
    if not seen:
        return None
    return Monitoring(
        longest_wait_seconds=seen.get("longest_wait_seconds"),
        waits=int(seen.get("waits") or 0),
        most_waiting=int(seen.get("most_waiting") or 0),
        stopped=str(seen.get("stopped") or ""),
        costs=dict(seen.get("costs") or {}),
        pages=tuple(seen.get("pages") or ()),
        blockers=tuple(seen.get("blockers") or ()),
        ended=tuple(seen.get("ended") or ()),
        timeline=tuple(seen.get("timeline") or ()),
    )


def _breakers(record: RunRecord) -> tuple[Opening, ...]:
    """What opened in all; or until now, of a run that goes on or was killed."""
    seen = _detail(record, "execute").get("breakers") or {}
    return tuple(
        Opening(
            breaker=str(opening.get("breaker") or ""),
            action=str(opening.get("action") or ""),
            reason=str(opening.get("reason") or ""),
            at=str(opening.get("at") or ""),
            seconds=opening.get("seconds"),
        )
        for opening in seen.get("openings") or record.breakers
    )


def _checks(record: RunRecord) -> tuple[Check, ...]:
    return tuple(
        Check(
            name=str(check.get("name", "")),
            looked_at=str(check.get("looked_at", "")),
            seconds=float(check.get("seconds") or 0.0),
            findings=_count(check.get("findings")),
        )
        for check in _detail(record, "verify").get("checks") or ()
    )


def _count(findings: Any) -> int:
    """How many findings, whether they are given as a number or one by one."""
    return len(findings) if isinstance(findings, list | tuple) else int(findings or 0)


def _detail(record: RunRecord, name: str) -> dict[str, Any]:
    stage = record.stage(name)
    return stage.detail if stage else {}


def _failure(record: RunRecord) -> Failure | None:
    if not record.error:
        return None
    names = [field.name for field in dataclasses.fields(Failure)]
    return Failure(**{name: str(record.error.get(name) or "") for name in names})


def _backup(record: RunRecord) -> BackupFacts | None:
    if not record.backup:
        return None
    receipt = record.backup
    texts = {
        field.name: str(receipt.get(field.name) or "")
        for field in dataclasses.fields(BackupFacts)
        if field.name != "size"
    }
    return BackupFacts(**texts, size=receipt.get("size"))
