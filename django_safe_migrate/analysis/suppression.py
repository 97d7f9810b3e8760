"""
Markers on migrations that take the blocking force from a rule's findings, each with the reason why that is right::

    class Migration(migrations.Migration):
        safe_migrate_allow = {"drop_column": "The column is unused since 4.2, see the changelog."}
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.plan import PlannedMigration

MARKER = "safe_migrate_allow"
#: The names of the findings about markers themselves; severities of settings apply to them as to rules.
WITHOUT_REASON = "allow_without_reason"
UNUSED = "allow_unused"

_EXAMPLE = f'{MARKER} = {{"drop_column": "The column is unused since release 4.2."}}'


class Marker:
    """The marker of one migration, and which of its entries a finding has used."""

    def __init__(self, planned: PlannedMigration) -> None:
        self._planned = planned
        value = getattr(planned.migration, MARKER, None) or {}
        # A list or set of names says which rules, and gives no reason.
        entries = (
            value
            if isinstance(value, Mapping)
            else dict.fromkeys([value] if isinstance(value, str) else value, "")
        )
        self._reasons = {
            str(name): reason.strip() if isinstance(reason, str) else ""
            for name, reason in entries.items()
        }
        self._used: set[str] = set()

    def apply(self, finding: Finding) -> Finding:
        """Return the finding, allowed when the marker names its rule and says why."""
        if finding.rule not in self._reasons:
            return finding
        self._used.add(finding.rule)
        reason = self._reasons[finding.rule]
        return (
            dataclasses.replace(finding, allowed=True, hint=f"Allowed by the migration: {reason}")
            if reason
            else finding
        )

    def findings(self, known: Collection[str], active: Collection[str]) -> Iterator[Finding]:
        """
        Yield what is wrong with the marker itself.

        ``known`` are the names of all rules; ``active`` of those that looked at this migration: one for another vendor has not, and
        its entry is not useless.
        """
        for name, reason in self._reasons.items():
            if name not in known:
                hint = f"Correct the name, or remove it from {MARKER}."
                yield self._finding(
                    UNUSED, f"{MARKER} names {name!r}, and there is no such rule.", hint
                )
            elif not reason:
                message = f"{MARKER} allows {name} without a reason, so it has no effect."
                yield self._finding(WITHOUT_REASON, message, f"Say why it is safe here: {_EXAMPLE}")
            elif name in active and name not in self._used:
                message = f"{MARKER} allows {name}, and nothing in this migration needs that."
                yield self._finding(
                    UNUSED,
                    message,
                    f"Remove {name!r} from {MARKER}, so that it hides nothing later.",
                )

    def _finding(self, rule: str, message: str, hint: str) -> Finding:
        label, file = self._planned.label, self._planned.file
        return Finding(
            rule=rule,
            severity=Severity.WARNING,
            message=message,
            hint=hint,
            migration=label,
            file=file,
        )
