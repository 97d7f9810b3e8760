"""The receipt of a rehearsal: what the plan did to the copy, pass by pass, and what going back left."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

FORMAT_VERSION = 1

#: The passes, in the order carried out, and how they are called.
PLAN, BACK, AGAIN = "plan", "back", "again"
PASS_WORDS = {PLAN: "as planned", BACK: "back again", AGAIN: "once more"}

#: How far a rehearsal goes: the plan alone; there, back and there again; the same with every table compared, however large; the same on
#: the schema and a sample of the rows.
FORWARDS, RETURN, FULL, SCHEMA = "forwards", "return", "full", "schema"
EXTENTS = (FORWARDS, RETURN, FULL, SCHEMA)
PASSES = {FORWARDS: (PLAN,)} | dict.fromkeys((RETURN, FULL, SCHEMA), (PLAN, BACK, AGAIN))


@dataclasses.dataclass(slots=True, kw_only=True)
class OperationReceipt:
    """One operation; ``measured`` is what ``databases.meters.Measured`` gave, ``statements`` its SQL without values."""

    index: int
    description: str
    seconds: float = 0.0
    statements: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    tables: list[str] = dataclasses.field(default_factory=list)
    measured: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True, kw_only=True)
class StepReceipt:
    """One migration of a pass; ``status`` is as in the record of a run."""

    label: str
    direction: str
    status: str = "planned"
    seconds: float = 0.0
    error: str = ""
    operations: list[OperationReceipt] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True, kw_only=True)
class PassReceipt:
    """One pass over the copy."""

    name: str
    status: str = "running"
    seconds: float = 0.0
    steps: list[StepReceipt] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True, kw_only=True)
class TableChange:
    """A table that holds something else after going there and back; rows are None where the table was not there."""

    table: str
    rows_before: int | None
    rows_after: int | None


@dataclasses.dataclass(slots=True, kw_only=True)
class Comparison:
    """The copy before the plan and after going back; ``not_compared`` are tables whose values were not read, for their size."""

    schema: list[str] = dataclasses.field(default_factory=list)
    tables: list[TableChange] = dataclasses.field(default_factory=list)
    compared: int = 0
    not_compared: list[str] = dataclasses.field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether going back brought everything back that was compared."""
        return not (self.schema or self.tables)


@dataclasses.dataclass(slots=True, kw_only=True)
class RehearsalFailure:
    """What failed on the copy; ``offenders`` say which rows stand in the way and how to find them, without values."""

    pass_name: str
    message: str
    migration: str = ""
    operation: str = ""
    offenders: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True, kw_only=True)
class RehearsalReceipt:
    """
    What is known of one rehearsal; seconds are wall-clock seconds, moments ISO 8601 in UTC.

    ``fingerprint`` is that of the plan that was rehearsed: it says nothing of any other one. ``ended_by`` says which migration the way
    back ended at, and why; empty when it went all the way. ``sample`` are the rows of each table that the copy began with, None for all
    of a backup.
    """

    fingerprint: str
    database: str
    extent: str = RETURN
    server: str = ""
    backup: str = ""
    backup_created_at: str = ""
    started_at: str = ""
    seconds: float = 0.0
    sample: int | None = None
    restore_seconds: float = 0.0
    notices: list[str] = dataclasses.field(default_factory=list)
    passes: list[PassReceipt] = dataclasses.field(default_factory=list)
    ended_by: str = ""
    comparison: Comparison | None = None
    failure: RehearsalFailure | None = None
    format_version: int = FORMAT_VERSION

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return dataclasses.asdict(self)


def seconds_by_label(receipt: Mapping[str, Any]) -> dict[str, float]:
    """
    Return how long each migration of the plan took on the copy, from a receipt as plain data.

    Those on a sample say nothing of the real tables: there is none of them here.
    """
    if receipt.get("sample") is not None:
        return {}
    return {step["label"]: float(step["seconds"]) for step in _steps(receipt)}


def rehearsed_labels(receipt: Mapping[str, Any]) -> frozenset[str]:
    """Return which migrations the plan had, from a receipt as plain data."""
    return frozenset(step["label"] for step in _steps(receipt))


def _steps(receipt: Mapping[str, Any]) -> list[dict[str, Any]]:
    first = next((one for one in receipt.get("passes", ()) if one.get("name") == PLAN), None)
    return list((first or {}).get("steps", ()))
