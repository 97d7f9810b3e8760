"""
Findings as workflow commands of GitHub Actions, which become annotations on the lines of a pull request.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.reports import estimates
from django_safe_migrate.reports.findings.document import FindingsReport

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: FindingsReport) -> str:
    """Return one command in a line for each finding; nothing without findings."""
    return "".join(f"{_command(report, finding)}\n" for finding in report.findings)


def _command(report: FindingsReport, finding: Finding) -> str:
    command = "notice" if finding.allowed else _COMMANDS[finding.severity]
    properties = ",".join(f"{name}={_property(value)}" for name, value in _place(report, finding))
    return f"::{command} {properties}::{_data(_message(finding))}"


def _place(report: FindingsReport, finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.file:
        yield "file", report.path(finding.file)
        # A file without a line would be annotated nowhere.
        yield "line", str(finding.line or 1)
    yield "title", f"{finding.rule}{' (allowed)' if finding.allowed else ''}"


def _message(finding: Finding) -> str:
    where = f"{finding.migration}: " if finding.migration else ""
    return f"{where}{estimates.message(finding)}" + (f"\n\n{finding.hint}" if finding.hint else "")


def _data(text: str) -> str:
    """Escape a message: a line end would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a property, which a comma or a colon would end too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
