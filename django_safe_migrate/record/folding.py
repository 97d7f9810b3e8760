"""Adding up the events of a run to its record."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django_safe_migrate import events
from django_safe_migrate.events import Event
from django_safe_migrate.findings import Finding
from django_safe_migrate.record.data import (
    RUNNING,
    OperationRecord,
    RunRecord,
    StageRecord,
    known_fields,
    operation_from_json,
    step_from_json,
)


def fold(stream: Iterable[Event]) -> RunRecord:
    """Return the record that these events of one run add up to; raise ``ValueError`` when there are none."""
    record: RunRecord | None = None
    for event in stream:
        if record is None:
            record = RunRecord(event.run_id)
        apply(record, event)
    if record is None:
        raise ValueError("A record needs at least one event.")
    return record


def apply(record: RunRecord, event: Event) -> None:
    """Add to the record what one event says."""
    _APPLIERS[event.name](record, event)


def _apply_run_started(record: RunRecord, event: Event) -> None:
    payload = dict(event.payload)
    record.steps = [step_from_json(step) for step in payload.pop("plan", [])]
    record.started_at = event.at
    for key, value in known_fields(RunRecord, payload).items():
        setattr(record, key, value)


def _apply_stage_started(record: RunRecord, event: Event) -> None:
    record.stages.append(StageRecord(event.payload["stage"], started_at=event.at))


def _apply_stage_finished(record: RunRecord, event: Event) -> None:
    stage = record.stage(event.payload["stage"])
    if stage is None:
        stage = StageRecord(event.payload["stage"], started_at=event.at)
        record.stages.append(stage)
    stage.status = event.payload["status"]
    stage.seconds = event.payload["seconds"]
    stage.detail = event.payload.get("detail", {})


def _apply_finding(record: RunRecord, event: Event) -> None:
    record.findings.append(Finding.from_json(event.payload["finding"]))


def _apply_backup(record: RunRecord, event: Event) -> None:
    record.backup = event.payload["receipt"]


def _apply_step_started(record: RunRecord, event: Event) -> None:
    step = record.steps[event.payload["index"]]
    step.status = RUNNING
    step.attempts = event.payload["attempt"]
    step.started_at = step.started_at or event.at
    step.operations = []


def _apply_operation_started(record: RunRecord, event: Event) -> None:
    step = record.steps[event.payload["index"]]
    step.operations.append(
        OperationRecord(event.payload["operation"], event.payload["description"])
    )


def _apply_operation_finished(record: RunRecord, event: Event) -> None:
    step = record.steps[event.payload["index"]]
    finished = operation_from_json(
        {**event.payload, "index": event.payload["operation"], "finished": True}
    )
    step.operations = [one for one in step.operations if one.index != finished.index]
    step.operations.append(finished)
    step.tables = sorted({*step.tables, *finished.tables})


def _apply_attempt_failed(record: RunRecord, event: Event) -> None:
    record.steps[event.payload["index"]].error = event.payload["error"]


def _apply_step_finished(record: RunRecord, event: Event) -> None:
    step = record.steps[event.payload["index"]]
    step.status = event.payload["status"]
    step.seconds = event.payload["seconds"]
    step.error = event.payload.get("error", "")


def _apply_notice(record: RunRecord, event: Event) -> None:
    record.notices.append(event.payload["message"])


def _apply_run_finished(record: RunRecord, event: Event) -> None:
    record.status = event.payload["status"]
    record.exit_code = event.payload["exit_code"]
    record.error = event.payload.get("error")
    record.finished_at = event.at
    started = datetime.datetime.fromisoformat(record.started_at or event.at)
    record.seconds = (datetime.datetime.fromisoformat(event.at) - started).total_seconds()


_APPLIERS = {
    events.RUN_STARTED: _apply_run_started,
    events.STAGE_STARTED: _apply_stage_started,
    events.STAGE_FINISHED: _apply_stage_finished,
    events.FINDING_NOTICED: _apply_finding,
    events.BACKUP_CREATED: _apply_backup,
    events.STEP_STARTED: _apply_step_started,
    events.OPERATION_STARTED: _apply_operation_started,
    events.OPERATION_FINISHED: _apply_operation_finished,
    events.ATTEMPT_FAILED: _apply_attempt_failed,
    events.STEP_FINISHED: _apply_step_finished,
    events.NOTICE: _apply_notice,
    events.RUN_FINISHED: _apply_run_finished,
}
