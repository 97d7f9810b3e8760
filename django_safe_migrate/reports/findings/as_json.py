"""Findings as JSON, for programs; the form is documented and has a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.reports.findings.document import FindingsReport
from django_safe_migrate.reports.findings.fingerprint import fingerprints
from django_safe_migrate.reports.forecast import forecast_json, longest_json

#: Raised when a reader of the version before could trip over the new form.
SCHEMA_VERSION = 1
#: The JSON Schema of the document, shipped with the package.
SCHEMA_FILE = Path(__file__).parent / "findings.schema.json"


def render(report: FindingsReport) -> str:
    """Return the report as JSON text, ending with a newline."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=False) + "\n"


def to_json(report: FindingsReport) -> dict[str, Any]:
    """Return plain data; paths are relative to the root of the repository."""
    marks = fingerprints(report.findings)
    return {
        "schema_version": SCHEMA_VERSION,
        "database": report.database,
        "vendor": report.vendor,
        "target": report.target,
        "offline": report.offline,
        "scope": report.scope,
        "fail_on": report.fail_on.label,
        "migrations": [
            {
                "label": one.label,
                "file": report.path(one.file),
                "forecast": forecast_json(one.forecast),
            }
            for one in report.migrations
        ],
        "findings": [
            _finding(report, finding, mark)
            for finding, mark in zip(report.findings, marks, strict=True)
        ],
        "summary": {
            **{f"{severity.label}s": report.count(severity) for severity in Severity},
            "allowed": report.allowed,
            "baselined": report.baselined,
            "blocking": len(report.blocking),
            "longest_block": longest_json(one.forecast for one in report.migrations),
        },
    }


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


def _finding(report: FindingsReport, finding: Finding, fingerprint: str) -> dict[str, Any]:
    return {
        **finding.to_json(),
        "file": report.path(finding.file),
        "fingerprint": fingerprint,
        "blocking": report.is_blocking(finding),
    }
