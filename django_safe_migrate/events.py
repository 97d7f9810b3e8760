"""The events of a run: the one source that journal, history, reports, signals and the console are made from."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

#: Names of every event, in the order a run emits them. A payload is plain JSON data.
RUN_STARTED = "run_started"
STAGE_STARTED = "stage_started"
FINDING_NOTICED = "finding_noticed"
WAITING = "waiting"
WAITED = "waited"
BACKUP_CREATED = "backup_created"
STEP_REHEARSED = "step_rehearsed"
STEP_STARTED = "step_started"
OPERATION_STARTED = "operation_started"
OPERATION_FINISHED = "operation_finished"
OPERATION_FAILED = "operation_failed"
ATTEMPT_FAILED = "attempt_failed"
BLOCKED = "blocked"
BLOCKER_ENDED = "blocker_ended"
MONITORED = "monitored"
BREAKER_OPENED = "breaker_opened"
BREAKER_CLOSED = "breaker_closed"
STEP_FINISHED = "step_finished"
POSITION_RECORDED = "position_recorded"
STAGE_FINISHED = "stage_finished"
NOTICE = "notice"
RUN_FINISHED = "run_finished"

NAMES = frozenset(
    {
        RUN_STARTED,
        STAGE_STARTED,
        FINDING_NOTICED,
        WAITING,
        WAITED,
        BACKUP_CREATED,
        STEP_REHEARSED,
        STEP_STARTED,
        OPERATION_STARTED,
        OPERATION_FINISHED,
        OPERATION_FAILED,
        ATTEMPT_FAILED,
        BLOCKED,
        BLOCKER_ENDED,
        MONITORED,
        BREAKER_OPENED,
        BREAKER_CLOSED,
        STEP_FINISHED,
        POSITION_RECORDED,
        STAGE_FINISHED,
        NOTICE,
        RUN_FINISHED,
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a run."""

    name: str
    run_id: str
    at: str
    payload: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return plain data, one line of the journal."""
        return {"event": self.name, "run": self.run_id, "at": self.at, **self.payload}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Event:
        """Rebuild an event from one line of the journal."""
        payload = {key: value for key, value in data.items() if key not in {"event", "run", "at"}}
        return cls(data["event"], data["run"], data["at"], payload)


#: What stages and execution call to say that something happened: ``emit(name, **payload)``.
Emit = Callable[..., None]


def timestamp() -> str:
    """Return the present moment, UTC, in ISO 8601 with microseconds."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
