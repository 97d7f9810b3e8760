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
BACKUP_CREATED = "backup_created"
STEP_STARTED = "step_started"
OPERATION_STARTED = "operation_started"
OPERATION_FINISHED = "operation_finished"
ATTEMPT_FAILED = "attempt_failed"
STEP_FINISHED = "step_finished"
STAGE_FINISHED = "stage_finished"
NOTICE = "notice"
RUN_FINISHED = "run_finished"

NAMES = frozenset(
    {
        RUN_STARTED,
        STAGE_STARTED,
        FINDING_NOTICED,
        BACKUP_CREATED,
        STEP_STARTED,
        OPERATION_STARTED,
        OPERATION_FINISHED,
        ATTEMPT_FAILED,
        STEP_FINISHED,
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
