"""Findings as JUnit XML: a test case for each migration, which fails when a finding about it blocks."""

from __future__ import annotations

# Only written here, never parsed.
import xml.etree.ElementTree as ET  # noqa: S405
from typing import TYPE_CHECKING

from django_safe_migrate.reports import estimates
from django_safe_migrate.reports.console import printable
from django_safe_migrate.reports.findings.document import PROJECT, CheckedMigration, FindingsReport

if TYPE_CHECKING:
    from django_safe_migrate.findings import Finding

SUITE = "migrate_check"


def render(report: FindingsReport) -> str:
    """Return the document; what does not block is the test case's output."""
    groups = report.groups()
    if not any(migration.label == PROJECT for migration, _ in groups):
        # A suite without a test case counts as one that was not run.
        groups = [(CheckedMigration(PROJECT), ()), *groups]
    failed = sum(any(map(report.is_blocking, findings)) for _, findings in groups)
    counts = {"tests": str(len(groups)), "failures": str(failed), "errors": "0", "skipped": "0"}
    suites = ET.Element("testsuites", {"name": SUITE, **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": SUITE, **counts})
    for migration, findings in groups:
        _case(report, suite, migration, findings)
    ET.indent(suites)
    text = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(
    report: FindingsReport,
    suite: ET.Element,
    migration: CheckedMigration,
    findings: tuple[Finding, ...],
) -> None:
    app_label, _, name = migration.label.rpartition(".")
    attributes = {"classname": app_label or SUITE, "name": name}
    if path := report.path(migration.file):
        attributes["file"] = path
    case = ET.SubElement(suite, "testcase", attributes)
    blocking = [finding for finding in findings if report.is_blocking(finding)]
    if blocking:
        rules = ", ".join(sorted({finding.rule for finding in blocking}))
        failure = ET.SubElement(case, "failure", {"type": rules, "message": _message(blocking)})
        failure.text = "\n\n".join(_told(report, finding) for finding in blocking)
    if others := [finding for finding in findings if not report.is_blocking(finding)]:
        ET.SubElement(case, "system-out").text = "\n\n".join(_told(report, one) for one in others)


def _message(blocking: list[Finding]) -> str:
    more = f" (and {len(blocking) - 1} more)" if len(blocking) > 1 else ""
    return _safe(estimates.message(blocking[0])) + more


def _told(report: FindingsReport, finding: Finding) -> str:
    place = report.place(finding)
    allowed = " (allowed)" if finding.allowed else ""
    parts = [
        f"{place}: " if place else "",
        f"{finding.severity.label}: {estimates.message(finding)} [{finding.rule}]{allowed}",
        f"\n{finding.hint}" if finding.hint else "",
    ]
    return _safe("".join(parts))


def _safe(text: str) -> str:
    """Show characters that XML cannot hold."""
    return "\n".join(printable(line) for line in text.splitlines())
