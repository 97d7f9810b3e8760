"""Records of runs as rows of the history tables, and back, without loss."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone

from django_safe_migrate.models import Backup, MigrationRun, MigrationStep
from django_safe_migrate.models import Finding as FindingRow
from django_safe_migrate.record import RunRecord

UTF8 = "utf-8"
ASCII = "ascii"

_RUN_FIELDS = (
    "kind", "database", "vendor", "server", "status", "seconds", "exit_code", "who", "host", "pid", "command", "release",
    "fingerprint", "versions", "options", "applied_before", "error", "notices",
)  # fmt: skip
_STEP_FIELDS = (
    "app_label", "name", "direction", "status", "seconds", "attempts", "atomic", "error", "tables", "irreversible", "lossy", "source",
)  # fmt: skip
_FINDING_FIELDS = ("rule", "message", "hint", "migration", "operation", "file", "line", "allowed")
_BACKUP_FIELDS = ("name", "size", "sha256", "verification", "storage")


def run_values(record: RunRecord, charset: str = UTF8) -> dict[str, Any]:
    """Return the columns of a run's row, but for its key, its backup and its report."""
    values = {name: getattr(record, name) for name in _RUN_FIELDS}
    values["stages"] = [dataclasses.asdict(stage) for stage in record.stages]
    values["rollback_of_id"] = uuid.UUID(record.rollback_of) if record.rollback_of else None
    values["started_at"] = to_moment(record.started_at)
    values["finished_at"] = to_moment(record.finished_at)
    return _fitted(MigrationRun, values, charset)


def step_row(record: RunRecord, position: int, charset: str = UTF8) -> MigrationStep:
    """Return the row of one step."""
    step = record.steps[position]
    values = {name: getattr(step, name) for name in _STEP_FIELDS}
    values["operations"] = [dataclasses.asdict(operation) for operation in step.operations]
    values["started_at"] = to_moment(step.started_at)
    values = _fitted(MigrationStep, values, charset)
    return MigrationStep(run_id=uuid.UUID(record.id), position=position, **values)


def finding_row(record: RunRecord, position: int, charset: str = UTF8) -> FindingRow:
    """Return the row of one finding."""
    finding = record.findings[position]
    values = {name: getattr(finding, name) for name in _FINDING_FIELDS}
    values |= {"severity": finding.severity.label, "tables": list(finding.tables)}
    values["estimate"] = finding.to_json()["estimate"]
    return FindingRow(
        run_id=uuid.UUID(record.id), position=position, **_fitted(FindingRow, values, charset)
    )


def backup_values(receipt: dict[str, Any], database: str, charset: str = UTF8) -> dict[str, Any]:
    """Return the columns of a backup's row."""
    values = {name: receipt[name] for name in _BACKUP_FIELDS if receipt.get(name) is not None}
    values["database"] = receipt.get("database") or database
    values["created_at"] = to_moment(receipt.get("created_at", ""))
    values["verified_at"] = to_moment(receipt.get("verified_at", ""))
    values["receipt"] = receipt
    return _fitted(Backup, values, charset)


def record_from(
    run: MigrationRun, steps: Iterable[MigrationStep], findings: Iterable[FindingRow]
) -> RunRecord:
    """Return the record that a run's rows were made from."""
    data = {name: getattr(run, name) for name in _RUN_FIELDS}
    data["id"] = str(run.pk)
    data["rollback_of"] = str(run.rollback_of_id or "")
    data["started_at"] = to_text(run.started_at)
    data["finished_at"] = to_text(run.finished_at)
    data["stages"] = run.stages
    data["backup"] = run.backup.receipt if run.backup else None
    data["steps"] = [_step_data(row) for row in steps]
    data["findings"] = [_finding_data(row) for row in findings]
    return RunRecord.from_json(data)


def to_moment(text: str | None) -> datetime.datetime | None:
    """Return the moment that an ISO 8601 text names, as the database wants it: naive in a project without USE_TZ."""
    if not text:
        return None
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return timezone.make_naive(moment) if _has_naive_moments() else moment


def to_text(moment: datetime.datetime | None) -> str:
    """Return a moment read from the database as the ISO 8601 text of records: UTC, with microseconds."""
    if moment is None:
        return ""
    aware = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return aware.astimezone(datetime.UTC).isoformat(timespec="microseconds")


def clean(value: Any, charset: str = UTF8) -> Any:
    """
    Return text or plain data in a form that every database takes.

    PostgreSQL stores no NUL, and no server stores the lone surrogates that undecodable bytes become. ``ASCII`` is for a database
    whose character set cannot hold all of Unicode.
    """
    if isinstance(value, str):
        encoded = value.replace("\0", "\N{SYMBOL FOR NULL}").encode(charset, "backslashreplace")
        return encoded.decode(charset)
    if isinstance(value, dict):
        return {clean(key, charset): clean(one, charset) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [clean(one, charset) for one in value]
    return value


def _has_naive_moments() -> bool:
    return timezone.is_naive(timezone.now())


def _fitted(model: type[models.Model], values: dict[str, Any], charset: str) -> dict[str, Any]:
    """Clean the values, and cut texts that are longer than their column."""
    fitted = {name: clean(value, charset) for name, value in values.items()}
    for name, value in fitted.items():
        length = getattr(model._meta.get_field(name), "max_length", None)
        if length and isinstance(value, str):
            fitted[name] = value[:length]
    return fitted


def _step_data(row: MigrationStep) -> dict[str, Any]:
    data = {name: getattr(row, name) for name in _STEP_FIELDS}
    data["started_at"] = to_text(row.started_at)
    # Deferred by queries that do not need the SQL: asking for it would be one query for each step.
    operations = [] if "operations" in row.get_deferred_fields() else row.operations
    return {**data, "operations": operations}


def _finding_data(row: FindingRow) -> dict[str, Any]:
    data = {name: getattr(row, name) for name in _FINDING_FIELDS}
    return {**data, "severity": row.severity, "tables": row.tables, "estimate": row.estimate}
