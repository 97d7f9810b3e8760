"""
How much a finding matters in the end.

Decided in this order: the marker on the migration, the settings, the rule's own severity. Then what only the engine knows: nothing on a
table that is new or empty can block, nor a lock on one so small that it is held for an instant, and neither can a migration that the
project did not write, unless it destroys rows.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.analysis.rule import Rule

OFF = "off"


def configured(finding: Finding, severities: Mapping[str, str]) -> Finding | None:
    """Return the finding with the severity that the settings give to its rule, None when they switch it off."""
    label = severities.get(finding.rule)
    if label is None:
        return finding
    return (
        None if label == OFF else dataclasses.replace(finding, severity=Severity.from_label(label))
    )


def settled(finding: Finding, rule: Rule, context: Context, *, third_party: bool) -> Finding | None:
    """Return the finding with the severity that it has for these tables, None when it is about new tables only."""
    if not rule.about_rows:
        return finding
    if finding.tables and all(context.is_new(table) for table in finding.tables):
        return None
    if finding.severity > Severity.INFO and _nothing_at_stake(finding, context):
        return dataclasses.replace(finding, severity=Severity.INFO)
    if rule.about_time and _is_short(finding, context):
        finding = dataclasses.replace(finding, severity=min(finding.severity, Severity.WARNING))
    if third_party and not rule.destroys:
        return dataclasses.replace(finding, severity=min(finding.severity, Severity.WARNING))
    return finding


def _is_short(finding: Finding, context: Context) -> bool:
    return bool(finding.tables) and all(context.is_small(table) for table in finding.tables)


def _nothing_at_stake(finding: Finding, context: Context) -> bool:
    if not finding.tables:
        return context.live.is_blank
    return all(context.is_empty(table) for table in finding.tables)
