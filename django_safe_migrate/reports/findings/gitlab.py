"""
Findings as a report of GitLab's Code Quality, which shows them in a merge request.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from typing import Any

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.reports import estimates
from django_safe_migrate.reports.findings.document import FindingsReport
from django_safe_migrate.reports.findings.fingerprint import fingerprints

#: GitLab knows info, minor, major, critical and blocker.
_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}
#: GitLab takes no finding without a file; this one stands for the project.
PROJECT_FILE = "manage.py"


def render(report: FindingsReport) -> str:
    """Return a list of issues as JSON."""
    marks = fingerprints(report.findings)
    issues = [
        _issue(report, finding, mark) for finding, mark in zip(report.findings, marks, strict=True)
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _issue(report: FindingsReport, finding: Finding, fingerprint: str) -> dict[str, Any]:
    where = f"{finding.migration}: " if finding.migration else ""
    return {
        "description": f"{where}{estimates.message(finding)}",
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": "info" if finding.allowed else _SEVERITIES[finding.severity],
        "location": {
            "path": report.path(finding.file) or PROJECT_FILE,
            "lines": {"begin": finding.line or 1},
        },
    }
