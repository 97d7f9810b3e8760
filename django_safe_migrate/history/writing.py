"""Writing a record to the history tables in one transaction, and of it only what has changed since the last time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import models, transaction

from django_safe_migrate.history import rows
from django_safe_migrate.models import Backup, Finding, MigrationRun, MigrationStep
from django_safe_migrate.record import RUNNING, RunRecord, StepRecord
from django_safe_migrate.reports.building import build

#: What was last written of a run: its backup, and the states of its steps and findings by position.
Written = dict[str, Any]

_BATCH = 100


def write(record: RunRecord, alias: str, charset: str, written: Written) -> Written:
    """Write a record and return what was written; ``written`` is what the last call for this run returned, or empty."""
    key = uuid.UUID(record.id)
    values = rows.run_values(record, charset)
    values["report"] = (
        {} if record.status == RUNNING else rows.clean(build(record).to_json(), charset)
    )
    with transaction.atomic(using=alias):
        backup = _backup(record, alias, charset, written)
        values["backup_id"] = backup["key"]
        runs = MigrationRun.objects.using(alias)
        if not runs.filter(pk=key).update(**values):
            runs.create(pk=key, **values)
            written = {}
        steps = {position: _state(step) for position, step in enumerate(record.steps)}
        findings = dict(enumerate(record.findings))
        _replace(
            MigrationStep, record, rows.step_row, alias, charset, (written.get("steps"), steps)
        )
        _replace(
            Finding, record, rows.finding_row, alias, charset, (written.get("findings"), findings)
        )
    return {"backup": backup, "steps": steps, "findings": findings}


def write_backup(receipt: dict[str, Any], database: str, alias: str, charset: str) -> int:
    """Write a backup's receipt and return the key of its row."""
    values = rows.backup_values(receipt, database, charset)
    backup, _created = Backup.objects.using(alias).update_or_create(
        database=values.pop("database"), name=values.pop("name"), defaults=values
    )
    return int(backup.pk)


def _backup(record: RunRecord, alias: str, charset: str, written: Written) -> dict[str, Any]:
    """The key of the row of the run's backup, and the receipt it was made from."""
    before: dict[str, Any] | None = written.get("backup")
    if before is not None and before["receipt"] == record.backup:
        return before
    key = write_backup(record.backup, record.database, alias, charset) if record.backup else None
    return {"key": key, "receipt": record.backup}


def _replace(
    model: type[models.Model],
    record: RunRecord,
    make_row: Callable[[RunRecord, int, str], Any],
    alias: str,
    charset: str,
    states: tuple[dict[int, Any] | None, dict[int, Any]],
) -> None:
    """Bring the rows of a run in line with its record; without knowledge of what is there, all of them."""
    before, now = states
    present = model._default_manager.using(alias).filter(run_id=uuid.UUID(record.id))
    if before is None:
        changed = list(now)
        present.delete()
    else:
        changed = [position for position, state in now.items() if before.get(position) != state]
        stale = [position for position in before if before[position] != now.get(position)]
        if stale:
            present.filter(position__in=stale).delete()
    model._default_manager.using(alias).bulk_create(
        [make_row(record, position, charset) for position in changed], batch_size=_BATCH
    )


def _state(step: StepRecord) -> tuple[Any, ...]:
    """What tells that a step's row has to be written again, without comparing all of its SQL."""
    finished = sum(operation.finished for operation in step.operations)
    return (
        step.status,
        step.attempts,
        step.seconds,
        step.error,
        len(step.operations),
        finished,
        len(step.tables),
    )
