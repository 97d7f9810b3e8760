"""The report of a run: one frozen document, built once, that every output renders and the history stores."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, TypeVar

from django_safe_migrate.findings import Finding
from django_safe_migrate.reports.point_in_time import PointInTime

SCHEMA_VERSION = 1

SUCCESS = "success"
PARTIAL = "partial"

#: What going back would bring back, from the best to the worst.
NOTHING = "nothing"
LOSSLESS = "lossless"
LOSSY = "lossy"
IRREVERSIBLE = "irreversible"
CAPABILITIES = (NOTHING, LOSSLESS, LOSSY, IRREVERSIBLE)

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Which run it was: ``outcome`` is success, failed, partial or running; ``status`` is how the run ended."""

    id: str
    kind: str
    database: str
    vendor: str
    server: str
    status: str
    outcome: str
    exit_code: int | None
    started_at: str
    finished_at: str
    seconds: float
    who: str
    host: str
    pid: int
    command: str
    release: str
    fingerprint: str
    rollback_of: str
    versions: dict[str, str]
    options: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One SQL text as it was executed, without its parameters."""

    sql: str
    count: int
    seconds: float
    rows: int | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a migration."""

    description: str
    seconds: float
    finished: bool
    tables: tuple[str, ...]
    statements: tuple[Statement, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step; ``forecast`` says in sentences what was expected of it before, ``impact`` what it did to which tables."""

    app_label: str
    name: str
    direction: str
    status: str
    started_at: str
    seconds: float
    attempts: int
    forecast: tuple[str, ...]
    impact: str
    tables: tuple[str, ...]
    error: str
    operations: tuple[Operation, ...]

    @property
    def label(self) -> str:
        """The migration as ``app_label.name``."""
        return f"{self.app_label}.{self.name}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage, with its own measurements in ``detail``."""

    name: str
    status: str
    seconds: float
    detail: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of the verification: what it looked at, and how many findings it had."""

    name: str
    looked_at: str
    seconds: float
    findings: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What was measured; None where it was not."""

    response_seconds_before: float | None
    response_seconds_after: float | None
    statements: int
    statement_seconds: float
    retries: int
    peak_rss_bytes: int | None
    cpu_seconds: float | None
    peak_connections: int | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """
    What the monitor saw while the plan was carried out; seconds are None where sessions were not watched.

    ``longest_wait_seconds`` is the longest time that any other session was seen waiting for this run; ``waits`` counts how often one waited,
    ``most_waiting`` how many did at once. ``stopped`` says why the monitor ended before the run, or had nothing to watch. ``blockers`` are the sessions
    that kept the run waiting, ``ended`` those of them that it ended.
    """

    longest_wait_seconds: float | None
    waits: int
    most_waiting: int
    stopped: str
    costs: dict[str, Any]
    pages: tuple[dict[str, Any], ...]
    blockers: tuple[dict[str, Any], ...]
    ended: tuple[dict[str, Any], ...]
    timeline: tuple[dict[str, Any], ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """
    A circuit breaker that opened: ``action`` is pause or stop, ``reason`` a sentence.

    ``seconds`` is how long it paused the plan at most, for a running statement goes on; None of a stop, and of a pause that is not over.
    """

    breaker: str
    action: str
    reason: str
    at: str
    seconds: float | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why the run did not succeed, whether the database was changed, and the next command, without ``manage.py``."""

    type: str
    message: str
    changed: str
    next_command: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupFacts:
    """The run's backup, as its receipt tells it; ``broken`` says why it cannot be relied on, empty when it can."""

    name: str
    database: str
    size: int | None
    sha256: str
    created_at: str
    verified_at: str
    verification: str
    storage: str
    broken: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What undoing one migration would bring back; ``details`` names what it would not."""

    migration: str
    capability: str
    details: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCommand:
    """A command exactly as to be typed, and what it does."""

    command: str
    purpose: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan:
    """How to go back from where the run ended, as far as its record tells; ``steps`` in the order they would be undone."""

    capability: str
    summary: str
    steps: tuple[WayBack, ...]
    commands: tuple[RecoveryCommand, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole report; its JSON form is documented in ``docs/report-json.md``."""

    schema_version: int
    run: RunFacts
    tables: tuple[str, ...]
    stages: tuple[Stage, ...]
    migrations: tuple[Migration, ...]
    performance: Performance
    monitoring: Monitoring | None
    breakers: tuple[Opening, ...]
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    failure: Failure | None
    notices: tuple[str, ...]
    backup: BackupFacts | None
    point_in_time: PointInTime | None
    rollback: RollbackPlan

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        plain: dict[str, Any] = _plain(self)
        return plain

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Report:
        """
        Rebuild a report from what ``to_json`` gave.

        Raises:
            ValueError: it is a report of another schema version.
        """
        if data.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"This is no report of schema version {SCHEMA_VERSION}.")
        return _rebuild(cls, data)


def _plain(value: Any) -> Any:
    if isinstance(value, Finding):
        return value.to_json()
    if dataclasses.is_dataclass(value):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        # In one order: a database may give the keys back in another one than it was given.
        return {key: _plain(value[key]) for key in sorted(value)}
    return value


def _rebuild(kind: type[T], data: dict[str, Any]) -> T:
    hints = typing.get_type_hints(kind)
    return kind(**{name: _value(hint, data[name]) for name, hint in hints.items()})


def _value(hint: Any, value: Any) -> Any:
    """Return plain data as the field's type: a document of ours, a tuple of them, or the data itself."""
    if isinstance(hint, types.UnionType):
        return None if value is None else _value(hint.__args__[0], value)
    if typing.get_origin(hint) is tuple:
        return tuple(_value(typing.get_args(hint)[0], one) for one in value)
    if hint is Finding:
        return Finding.from_json(value)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _rebuild(hint, value)
    return value
