"""Adding up the events of a run to its record."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

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

#: The positions in the database's log, in the detail of the stage that carries the plan out.
POSITIONS = "positions"


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
    stage.detail = {**_positions(stage), **event.payload.get("detail", {})}
    if "monitoring" in stage.detail:
        record.monitoring = {}


def _positions(stage: StageRecord) -> dict[str, Any]:
    """What the stage's own result need not repeat: it was told while the stage went on."""
    return {key: stage.detail[key] for key in (POSITIONS,) if key in stage.detail}


def _apply_position(record: RunRecord, event: Event) -> None:
    index, stage = event.payload["index"], record.stage("execute")
    if stage is None:
        return
    label = "" if index is None else record.steps[index].label
    found = {"migration": label, **event.payload["position"]}
    stage.detail = {**stage.detail, POSITIONS: [*stage.detail.get(POSITIONS, ()), found]}


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
    _forget_obstacles(record)
    step.operations = [one for one in step.operations if one.index != finished.index]
    step.operations.append(finished)
    step.tables = sorted({*step.tables, *finished.tables})


def _apply_operation_failed(record: RunRecord, event: Event) -> None:
    for one in record.steps[event.payload["index"]].operations:
        if one.index == event.payload["operation"] and not one.finished:
            one.left_nothing = event.payload["left_nothing"]


def _apply_attempt_failed(record: RunRecord, event: Event) -> None:
    _forget_obstacles(record)
    record.steps[event.payload["index"]].error = event.payload["error"]
    if event.payload.get("wait") is not None:
        retry = {"attempt": event.payload["attempt"] + 1, "scope": event.payload.get("scope", "")}
        record.monitoring = {**record.monitoring, "retry": retry}


def _forget_obstacles(record: RunRecord) -> None:
    """Whoever was in the way is no longer, or another attempt begins."""
    if record.monitoring.get("blockers"):
        record.monitoring = {**record.monitoring, "blockers": []}
    if "retry" in record.monitoring:
        record.monitoring = {k: v for k, v in record.monitoring.items() if k != "retry"}


def _apply_blocked(record: RunRecord, event: Event) -> None:
    record.monitoring = {**record.monitoring, "blockers": event.payload["blockers"]}


def _apply_blocker_ended(record: RunRecord, event: Event) -> None:
    blocker = event.payload["blocker"]
    label = record.steps[event.payload["index"]].label
    record.notices.append(
        f"{label}: ended session {blocker['session']} of {blocker['user'] or 'an unknown user'}"
        f" ({blocker['application'] or 'no name'}), idle in its transaction for {blocker['idle_seconds']:.0f} s, which kept it waiting."
    )


def _apply_monitored(record: RunRecord, event: Event) -> None:
    kept = {key: value for key, value in record.monitoring.items() if key in {"retry", "held"}}
    record.monitoring = {
        "blockers": record.monitoring.get("blockers", []),
        **kept,
        **event.payload,
    }


def _apply_waiting(record: RunRecord, event: Event) -> None:
    held = [reason["message"] for reason in event.payload["reasons"]]
    record.monitoring = {**record.monitoring, "held": held}


def _apply_waited(record: RunRecord, event: Event) -> None:
    _forget_held(record)
    rules, stage = ", ".join(event.payload["rules"]), event.payload["stage"]
    record.notices.append(
        f"The run waited {event.payload['seconds']:.0f} seconds in {stage}, before anything was touched, for: {rules}."
    )


def _apply_breaker_opened(record: RunRecord, event: Event) -> None:
    _note_end(record, event.payload["breaker"], event.payload.get("paused_seconds"))
    told = {key: event.payload[key] for key in ("breaker", "action", "reason")}
    record.breakers.append({**told, "at": event.at, "seconds": None})
    _hold(record)


def _apply_breaker_closed(record: RunRecord, event: Event) -> None:
    _note_end(record, event.payload["breaker"], event.payload["seconds"])
    _hold(record)


def _note_end(record: RunRecord, breaker: str, seconds: float | None) -> None:
    """Write down how long the last pause of a breaker was."""
    for opening in record.breakers:
        if opening["breaker"] == breaker and opening["seconds"] is None:
            opening["seconds"] = seconds


def _hold(record: RunRecord) -> None:
    """Note what holds the plan at this moment."""
    _forget_held(record)
    pauses = [one for one in record.breakers if one["action"] == "pause"]
    held = [one["reason"] for one in pauses if one["seconds"] is None]
    if held:
        record.monitoring = {**record.monitoring, "held": held}


def _forget_held(record: RunRecord) -> None:
    record.monitoring = {key: v for key, v in record.monitoring.items() if key != "held"}


def _apply_step_finished(record: RunRecord, event: Event) -> None:
    step = record.steps[event.payload["index"]]
    _forget_obstacles(record)
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
    # What was rehearsed is all in the result of its stage.
    events.STEP_REHEARSED: lambda record, event: None,
    events.STEP_STARTED: _apply_step_started,
    events.OPERATION_STARTED: _apply_operation_started,
    events.OPERATION_FINISHED: _apply_operation_finished,
    events.OPERATION_FAILED: _apply_operation_failed,
    events.ATTEMPT_FAILED: _apply_attempt_failed,
    events.BLOCKED: _apply_blocked,
    events.BLOCKER_ENDED: _apply_blocker_ended,
    events.MONITORED: _apply_monitored,
    events.WAITING: _apply_waiting,
    events.WAITED: _apply_waited,
    events.BREAKER_OPENED: _apply_breaker_opened,
    events.BREAKER_CLOSED: _apply_breaker_closed,
    events.STEP_FINISHED: _apply_step_finished,
    events.POSITION_RECORDED: _apply_position,
    events.NOTICE: _apply_notice,
    events.RUN_FINISHED: _apply_run_finished,
}
