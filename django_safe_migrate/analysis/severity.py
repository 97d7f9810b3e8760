"""
How much a finding matters in the end.

Decided in this order: the marker on the migration, the settings, the rule's own severity. Then what only the engine knows: nothing on a
table that is new or empty can block, and a lock that is held for an instant is a note, one that is held for less than a second a
warning. A migration that the project did not write is judged by that alone: where its time is not known, or not what matters, it can
only warn, unless it destroys rows. ``APPS`` of the settings sets another limit for the migrations of an app.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from django_safe_migrate.analysis.rule import Check, Rule, Subject
from django_safe_migrate.findings import Estimate, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_safe_migrate.analysis.context import Context

OFF = "off"

#: A lock that is held for less than this is a note: nobody notices.
NOTE_SECONDS = 0.1
#: A lock that is held for less than this is a warning: requests are slow, and none fails for it.
WARNING_SECONDS = 1.0


def configured(finding: Finding, severities: Mapping[str, str]) -> Finding | None:
    """Return the finding with the severity that the settings give to its rule, None when they switch it off."""
    label = severities.get(finding.rule)
    if label is None:
        return finding
    return (
        None if label == OFF else dataclasses.replace(finding, severity=Severity.from_label(label))
    )


def limited(finding: Finding, label: str | None) -> Finding:
    """Return the finding with at most the severity that the settings allow its app."""
    if label is None:
        return finding
    return dataclasses.replace(finding, severity=min(finding.severity, Severity.from_label(label)))


def with_estimate(finding: Finding, check: Check, subject: Any, context: Context) -> Finding:
    """
    Return the finding with how long its subject takes on the tables as they are now, where that is known.

    A check of a whole migration, and one whose subject is about to be executed later or by others, is told of a scan of its tables. A
    rule that is not about time gets an estimate only where its subject works through rows.
    """
    rule = check.rule
    if not rule.about_rows or context.database is None:
        return finding
    estimate = None
    if check.subject in {Subject.CHANGE, Subject.STATEMENT}:
        estimate = context.estimate(subject)
    if rule.about_time and finding.tables and (estimate is None or not estimate.bytes):
        estimate = context.estimated_scan(finding.tables)
    if estimate is None or not estimate.rows:
        return finding
    return dataclasses.replace(finding, estimate=estimate)


def by_weight(
    severity: Severity, estimate: Estimate | None, *, at_least: Severity = Severity.INFO
) -> Severity:
    """
    Return how much it matters that others wait for as long as something takes.

    Args:
        severity: where it takes long, or where that is not known.
        estimate: how long it takes.
        at_least: what remains when it takes no time at all.
    """
    if estimate is None or estimate.seconds >= WARNING_SECONDS:
        return severity
    limit = Severity.INFO if estimate.seconds < NOTE_SECONDS else Severity.WARNING
    return min(severity, max(limit, at_least))


def settled(finding: Finding, rule: Rule, context: Context, *, third_party: bool) -> Finding | None:
    """Return the finding with the severity that it has for these tables, None when it is about new tables only."""
    if not rule.about_rows:
        return finding
    if finding.tables and all(context.is_new(table) for table in finding.tables):
        return None
    if finding.severity > Severity.INFO and _nothing_at_stake(finding, context):
        return dataclasses.replace(finding, severity=Severity.INFO)
    severity = _by_time(finding, context, rule) if rule.about_time else finding.severity
    is_weighed = rule.about_time and finding.estimate is not None
    if third_party and not rule.destroys and not is_weighed:
        severity = min(severity, Severity.WARNING)
    return dataclasses.replace(finding, severity=severity)


def _by_time(finding: Finding, context: Context, rule: Rule) -> Severity:
    """Code that breaks does so on any table with rows: of that a warning remains, unless the rule itself says less."""
    if finding.estimate is not None:
        at_least = Severity.WARNING if rule.breaks_running_code else Severity.INFO
        return by_weight(finding.severity, finding.estimate, at_least=at_least)
    is_short = bool(finding.tables) and all(context.is_small(table) for table in finding.tables)
    return min(finding.severity, Severity.WARNING) if is_short else finding.severity


def _nothing_at_stake(finding: Finding, context: Context) -> bool:
    if not finding.tables:
        return context.live.is_blank
    return all(context.is_empty(table) for table in finding.tables)
