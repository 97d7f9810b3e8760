"""
Findings as SARIF 2.1.0, which code scanning services take.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from urllib.parse import quote

from django_safe_migrate import __version__
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.reports import estimates
from django_safe_migrate.reports.findings.document import FindingsReport, RuleText
from django_safe_migrate.reports.findings.fingerprint import fingerprints

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
ROOT = "%SRCROOT%"
FINGERPRINT = "djangoSafeMigrate/v1"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_IN_SOURCE = "Allowed by the migration: "


def render(report: FindingsReport) -> str:
    """Return a log with one run, as JSON."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=False) + "\n"


def to_json(report: FindingsReport) -> dict[str, Any]:
    """Return the log as plain data."""
    names = sorted(report.rules.keys() | {finding.rule for finding in report.findings})
    driver: dict[str, Any] = {
        "name": "django-safe-migrate",
        "semanticVersion": __version__,
        "rules": [_rule(report.rules.get(name) or RuleText(name, "", "")) for name in names],
    }
    places = {name: place for place, name in enumerate(names)}
    marks = fingerprints(report.findings)
    run = {
        "tool": {"driver": driver},
        # GitHub keeps one set of results for each category.
        "automationDetails": {"id": f"migrate_check/{report.database}/"},
        "originalUriBaseIds": {ROOT: {"uri": f"{report.root.as_uri().rstrip('/')}/"}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(report, finding, places[finding.rule], mark)
            for finding, mark in zip(report.findings, marks, strict=True)
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(text: RuleText) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": text.name, "name": _pascal(text.name)}
    if text.summary:
        rule["shortDescription"] = {"text": text.summary}
    if text.help:
        rule["help"] = {"text": text.help, "markdown": text.help}
    if text.url:
        rule["helpUri"] = text.url
    if text.severity in {severity.label for severity in Severity}:
        level = _LEVELS[Severity.from_label(text.severity)]
        rule["defaultConfiguration"] = {"level": level}
    elif text.severity == "off":
        rule["defaultConfiguration"] = {"enabled": False}
    return rule


def _result(
    report: FindingsReport, finding: Finding, rule_index: int, fingerprint: str
) -> dict[str, Any]:
    where = f"{finding.migration}: " if finding.migration else ""
    text = f"{where}{estimates.message(finding)}" + (f"\n\n{finding.hint}" if finding.hint else "")
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if finding.file:
        result["locations"] = [_location(report, finding)]
    if finding.estimate is not None:
        result["properties"] = {"estimate": dataclasses.asdict(finding.estimate)}
    if finding.allowed:
        result["suppressions"] = [_suppression(finding)]
    return result


def _location(report: FindingsReport, finding: Finding) -> dict[str, Any]:
    path = report.path(finding.file)
    artifact: dict[str, Any] = {"uri": quote(path)}
    if not path.startswith("/"):
        artifact["uriBaseId"] = ROOT
    else:
        artifact["uri"] = f"file://{quote(path)}"
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {"startLine": finding.line or 1},
        }
    }
    if finding.migration:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.migration, "kind": "module"}]
    return location


def _suppression(finding: Finding) -> dict[str, Any]:
    if finding.hint.startswith(_IN_SOURCE):
        return {"kind": "inSource", "justification": finding.hint.removeprefix(_IN_SOURCE)}
    return {"kind": "external", "justification": "Allowed on the command line."}


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
