"""What the checks are given, and what each gives back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from django_safe_migrate.findings import Finding

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.plan import Plan
    from django_safe_migrate.verification.baseline import Baseline


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VerificationContext:
    """
    A run that has carried its plan out.

    ``state`` is the project's state after the plan, ``baseline`` what was measured before it; None where that is not known.
    ``fake`` says that the plan was only recorded, so that nothing but the records can be checked.
    """

    database: Database
    plan: Plan
    state: ProjectState | None
    baseline: Baseline | None
    settings: Settings
    fake: bool = False

    @property
    def app_labels(self) -> frozenset[str]:
        """The apps that the plan has migrations of."""
        return frozenset(step.app_label for step in self.plan.steps)

    @property
    def database_option(self) -> str:
        """The option that names the database in a command; empty for the default one."""
        alias = self.database.alias
        return "" if alias == "default" else f" --database {alias}"

    def command(self, text: str) -> str:
        """Return a command of ours on this database, as a user types it."""
        return f"python manage.py {text}{self.database_option}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check: ``looked_at`` is a sentence with counts, so that nothing found is never nothing looked at."""

    name: str
    looked_at: str
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain data; the findings themselves are recorded with the stage."""
        return {
            "name": self.name,
            "looked_at": self.looked_at,
            "seconds": self.seconds,
            "findings": len(self.findings),
        }


@dataclasses.dataclass(frozen=True, slots=True)
class VerificationResult:
    """The results of all checks, in their order."""

    checks: tuple[CheckResult, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What all checks found."""
        return tuple(finding for check in self.checks for finding in check.findings)

    def to_json(self) -> dict[str, Any]:
        """Return plain data for the record of the run."""
        return {"checks": [check.to_json() for check in self.checks]}


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 table``, ``2 tables``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
