"""What is known of one run: plain data that survives JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from django_safe_migrate.findings import Finding

RUNNING = "running"
SUCCEEDED = "succeeded"
FAILED = "failed"
INTERRUPTED = "interrupted"
CRASHED = "crashed"

#: A step that failed half-way, and whose finished operations were undone.
REVERTED = "reverted"
STEP_DONE = frozenset({"applied", "unapplied", "faked"})


@dataclasses.dataclass(slots=True)
class StatementRecord:
    """One SQL text as executed: how often, how long (seconds) and how many rows it reported. Parameters are never kept."""

    sql: str
    count: int = 1
    seconds: float = 0.0
    rows: int | None = None


@dataclasses.dataclass(slots=True)
class OperationRecord:
    """
    One operation of a step; ``index`` is its place in ``Migration.operations``, -1 for deferred SQL and recording.

    ``left_nothing`` says of one that was not finished that nothing of it is in the database; false when that is not proven.
    """

    index: int
    description: str
    seconds: float = 0.0
    statements: list[StatementRecord] = dataclasses.field(default_factory=list)
    tables: list[str] = dataclasses.field(default_factory=list)
    finished: bool = False
    left_nothing: bool = False

    @property
    def may_be_there(self) -> bool:
        """Whether the whole of it, or a part, may be in the database."""
        return self.finished or not self.left_nothing


@dataclasses.dataclass(slots=True)
class StepRecord:
    """
    One migration in one direction.

    ``status`` is planned, running, applied, unapplied, faked, failed or reverted; ``attempts`` counts tries; ``irreversible`` names the
    operations that cannot be undone, ``lossy`` says which data going back would lose. ``atomic`` says that a failure leaves nothing
    behind: the migration is atomic, and the database rolls schema changes back. ``source`` is the digest of the migration's file.
    """

    app_label: str
    name: str
    direction: str = "forwards"
    status: str = "planned"
    started_at: str = ""
    seconds: float = 0.0
    attempts: int = 0
    error: str = ""
    operations: list[OperationRecord] = dataclasses.field(default_factory=list)
    irreversible: list[str] = dataclasses.field(default_factory=list)
    lossy: list[str] = dataclasses.field(default_factory=list)
    tables: list[str] = dataclasses.field(default_factory=list)
    atomic: bool = True
    source: str = ""

    @property
    def label(self) -> str:
        """The migration as ``app_label.name``."""
        return f"{self.app_label}.{self.name}"

    @property
    def is_done(self) -> bool:
        """Whether the step reached its end."""
        return self.status in STEP_DONE


@dataclasses.dataclass(slots=True)
class StageRecord:
    """One stage: status is running, passed, failed or skipped; ``detail`` is the stage's own measurements."""

    name: str
    status: str = RUNNING
    started_at: str = ""
    seconds: float = 0.0
    detail: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class RunRecord:
    """Everything known of one run. Seconds are wall-clock seconds; moments are ISO 8601 in UTC."""

    id: str
    kind: str = "migrate"
    database: str = "default"
    vendor: str = ""
    server: str = ""
    status: str = RUNNING
    started_at: str = ""
    finished_at: str = ""
    seconds: float = 0.0
    exit_code: int | None = None
    who: str = ""
    host: str = ""
    pid: int = 0
    command: str = ""
    release: str = ""
    fingerprint: str = ""
    rollback_of: str = ""
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    applied_before: list[str] = dataclasses.field(default_factory=list)
    stages: list[StageRecord] = dataclasses.field(default_factory=list)
    steps: list[StepRecord] = dataclasses.field(default_factory=list)
    findings: list[Finding] = dataclasses.field(default_factory=list)
    backup: dict[str, Any] | None = None
    error: dict[str, str] | None = None
    notices: list[str] = dataclasses.field(default_factory=list)
    #: What the monitor saw last, while a plan is carried out; afterwards the stage's detail has all of it.
    monitoring: dict[str, Any] = dataclasses.field(default_factory=dict)
    #: What circuit breakers did: breaker, action, reason, at and seconds, None while it goes on.
    breakers: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def stage(self, name: str) -> StageRecord | None:
        """Return the stage of this name, or None when it was not reached."""
        return next((stage for stage in self.stages if stage.name == name), None)

    @property
    def steps_done(self) -> list[StepRecord]:
        """The steps that reached their end."""
        return [step for step in self.steps if step.is_done]

    @property
    def affected_tables(self) -> list[str]:
        """Tables named by the statements executed, sorted."""
        return sorted({table for step in self.steps for table in step.tables})

    @property
    def is_partial(self) -> bool:
        """Whether the run ended without success after it had already changed the database."""
        changed = any(step.is_done or self.may_be_half_done(step) for step in self.steps)
        return self.status in {FAILED, INTERRUPTED, CRASHED} and changed

    def may_be_half_done(self, step: StepRecord) -> bool:
        """Whether a step that did not reach its end began with operations that no transaction undoes."""
        left = step.status not in {REVERTED, *STEP_DONE}
        return left and not step.atomic and any(one.may_be_there for one in step.operations)

    @property
    def outcome(self) -> str:
        """The word of the report: success, failed, partial or running."""
        if self.status == RUNNING:
            return "running"
        if self.status == SUCCEEDED:
            return "success"
        return "partial" if self.is_partial else "failed"

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        data = dataclasses.asdict(dataclasses.replace(self, findings=[]))
        data["findings"] = [finding.to_json() for finding in self.findings]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> RunRecord:
        """Rebuild a record from what ``to_json`` gave."""
        values = known_fields(cls, data)
        values["stages"] = [
            StageRecord(**known_fields(StageRecord, stage)) for stage in data.get("stages", [])
        ]
        values["steps"] = [step_from_json(step) for step in data.get("steps", [])]
        values["findings"] = [Finding.from_json(finding) for finding in data.get("findings", [])]
        return cls(**values)


def known_fields(cls: Any, data: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(cls)}
    return {key: value for key, value in data.items() if key in names}


def step_from_json(data: dict[str, Any]) -> StepRecord:
    values = known_fields(StepRecord, data)
    values["operations"] = [
        operation_from_json(operation) for operation in data.get("operations", [])
    ]
    return StepRecord(**values)


def operation_from_json(data: dict[str, Any]) -> OperationRecord:
    values = known_fields(OperationRecord, data)
    values["statements"] = [
        StatementRecord(**known_fields(StatementRecord, one)) for one in data.get("statements", [])
    ]
    return OperationRecord(**values)
