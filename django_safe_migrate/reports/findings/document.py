"""What a check of migrations has found: the document that every format of it renders."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.analysis import Forecast

#: The heading of findings that are not about one migration.
PROJECT = "project"


@dataclasses.dataclass(frozen=True, slots=True)
class RuleText:
    """
    A rule as reports and lists describe it.

    ``severity`` is a label of ``Severity`` or ``off``; ``vendors`` are empty for all; ``help`` is Markdown; ``url`` its page.
    """

    name: str
    severity: str
    summary: str
    vendors: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    help: str = ""
    url: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data, without the long text."""
        data = dataclasses.asdict(self)
        del data["help"]
        return {**data, "vendors": list(self.vendors), "directions": list(self.directions)}


@dataclasses.dataclass(frozen=True, slots=True)
class CheckedMigration:
    """
    A migration that was looked at.

    ``forecast`` says what carrying it out means, None when nobody asked; ``left_out`` that the settings leave it out, so that there is
    none. ``in_text`` says that people want to read it: in a whole history only that of what is pending, or has findings.
    """

    label: str
    file: str = ""
    forecast: Forecast | None = None
    left_out: bool = False
    in_text: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FindingsReport:
    """
    The findings about a set of migrations, in the order of the migrations.

    ``scope`` says in words which migrations were looked at, ``target`` for which database. ``root`` is the folder that paths are
    given relative to. ``baselined`` counts the findings left out because the baseline has them. ``fail_on`` is the lowest severity
    that blocks. ``rules`` has the texts of the rules by name.
    """

    database: str
    vendor: str
    target: str
    scope: str
    offline: bool
    migrations: tuple[CheckedMigration, ...]
    findings: tuple[Finding, ...]
    root: Path
    baselined: int = 0
    fail_on: Severity = Severity.ERROR
    rules: dict[str, RuleText] = dataclasses.field(default_factory=dict)

    def forecasts(self) -> tuple[Forecast, ...]:
        """Return the forecasts that people read, in the order of the migrations."""
        shown = (one.forecast for one, findings in self.groups() if one.in_text or findings)
        return tuple(forecast for forecast in shown if forecast is not None)

    @property
    def hidden(self) -> int:
        """How many forecasts people are not shown."""
        return sum(one.forecast is not None for one in self.migrations) - len(self.forecasts())

    def is_blocking(self, finding: Finding) -> bool:
        """Whether a finding makes the check fail."""
        return finding.severity >= self.fail_on and not finding.allowed

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that make the check fail."""
        return tuple(finding for finding in self.findings if self.is_blocking(finding))

    def count(self, severity: Severity) -> int:
        """How many findings have this severity and are not allowed."""
        return sum(f.severity is severity and not f.allowed for f in self.findings)

    @property
    def allowed(self) -> int:
        """How many findings a marker or ``--allow`` has allowed."""
        return sum(finding.allowed for finding in self.findings)

    def path(self, file: str) -> str:
        """Return a path as it is from the root, with slashes; outside of the root, and empty, it stays as it is."""
        if not file:
            return ""
        path = _folder(Path(file).parent) / Path(file).name
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()

    def place(self, finding: Finding) -> str:
        """Return ``path:line`` of a finding, or what of it is known."""
        path = self.path(finding.file)
        return f"{path}:{finding.line}" if path and finding.line else path

    def groups(self) -> list[tuple[CheckedMigration, tuple[Finding, ...]]]:
        """Return the findings by migration; those about the project as a whole come first, under the name ``project``."""
        known = {migration.label: migration for migration in self.migrations}
        by_label: dict[str, list[Finding]] = {}
        for finding in self.findings:
            label = finding.migration if finding.migration in known else ""
            by_label.setdefault(label, []).append(finding)
        first = [(CheckedMigration(PROJECT), tuple(by_label[""]))] if "" in by_label else []
        return first + [(one, tuple(by_label.get(one.label, ()))) for one in self.migrations]


@functools.lru_cache(maxsize=256)
def _folder(path: Path) -> Path:
    """The folder without links: asked once for all of its files, since each part of the path is asked for on disk."""
    return path.resolve()
