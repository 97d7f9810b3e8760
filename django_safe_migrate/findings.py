"""What we noticed about the user's migrations, database or environment."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any


class Severity(enum.IntEnum):
    """How much a finding matters; only ``ERROR`` blocks a run."""

    INFO = 20
    WARNING = 30
    ERROR = 40

    @property
    def label(self) -> str:
        """The word used in reports, settings and JSON."""
        return self.name.lower()

    @classmethod
    def from_label(cls, label: str) -> Severity:
        """Return the severity with this label; raise ``KeyError`` for an unknown one."""
        return cls[label.upper()]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """
    How much work something is on the tables as they are now.

    ``seconds`` it takes in all; ``rows`` and ``bytes`` of the tables that it works through, without their indexes; ``written_bytes``
    that need room on the disk before anything is freed, indexes included. ``measured`` says that the seconds come from rates seen on
    this server; otherwise they come from assumed ones.
    """

    seconds: float
    rows: int
    bytes: int
    written_bytes: int = 0
    measured: bool = False

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Estimate:
        """Rebuild an estimate from plain data; unknown keys of a newer version are ignored."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Something noticed, in the shape of Django's ``CheckMessage``.

    ``rule`` names the rule or check that found it, ``message`` is one sentence of harm naming the table or input, ``hint`` says
    what to do instead. ``migration`` is ``app_label.name`` or empty when the finding is about the environment.
    ``allowed`` is true when a setting or ``--allow`` took the blocking force from it. ``estimate`` is how long what is found takes on
    the tables as they are, None when nobody was asked or the harm is another one.
    """

    rule: str
    severity: Severity
    message: str
    hint: str = ""
    migration: str = ""
    operation: str = ""
    file: str = ""
    line: int = 0
    tables: tuple[str, ...] = ()
    allowed: bool = False
    estimate: Estimate | None = None

    @property
    def id(self) -> str:
        """The identifier as a Django system check would show it."""
        return f"safe_migrate.{self.rule}"

    @property
    def is_blocking(self) -> bool:
        """Whether this finding stops a run."""
        return self.severity >= Severity.ERROR and not self.allowed

    def to_json(self) -> dict[str, Any]:
        """Return plain data for the journal, the history and reports."""
        data = dataclasses.asdict(self)
        data["severity"] = self.severity.label
        data["tables"] = list(self.tables)
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Finding:
        """Rebuild a finding from what ``to_json`` gave; unknown keys of a newer version are ignored."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        values["severity"] = Severity.from_label(values["severity"])
        values["tables"] = tuple(values.get("tables", ()))
        estimate = values.get("estimate")
        values["estimate"] = Estimate.from_json(estimate) if estimate else None
        return cls(**values)
