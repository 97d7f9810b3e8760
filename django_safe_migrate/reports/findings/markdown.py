"""Findings as Markdown, for a comment on a pull request or the summary of a job."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.reports import estimates
from django_safe_migrate.reports.findings.document import CheckedMigration, FindingsReport
from django_safe_migrate.reports.findings.text import closing_lines, forecast_lines, summary

_SIGNS = {Severity.ERROR: "🛑", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}  # noqa: RUF001
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def render(report: FindingsReport) -> str:
    """Return the report; what to do instead is folded away under each finding."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: FindingsReport) -> Iterator[str]:
    yield "## Migrations"
    yield ""
    yield f"**{summary(report)}**"
    yield ""
    yield f"Checked: {_text(report.scope)} for {_text(report.target)}."
    for line in closing_lines(report):
        yield from ("", _text(line))
    for migration, findings in report.groups():
        if findings or (migration.in_text and forecast_lines(migration)):
            yield from _migration(report, migration, findings)


def _migration(
    report: FindingsReport, migration: CheckedMigration, findings: tuple[Finding, ...]
) -> Iterator[str]:
    yield from ("", f"### {_code(migration.label)}", "")
    yield from (f"* {_text(line)}" for line in forecast_lines(migration))
    for finding in findings:
        yield from _finding(report, finding)


def _finding(report: FindingsReport, finding: Finding) -> Iterator[str]:
    sign = "✅" if finding.allowed else _SIGNS[finding.severity]
    name = f"[`{finding.rule}`]({url})" if (url := _url(report, finding)) else f"`{finding.rule}`"
    place = report.place(finding)
    said = "allowed" if finding.allowed else finding.severity.label
    at = f" at {_code(place)}" if place else ""
    yield f"* {sign} **{said}** {name}{at}: {_text(' '.join(estimates.message(finding).split()))}"
    if finding.hint:
        yield from ("", "  <details><summary>What to do</summary>", "")
        fence = _fence(finding.hint)
        body = (fence, *finding.hint.strip("\n").splitlines(), fence)
        yield from (f"  {line}".rstrip() for line in body)
        yield from ("", "  </details>", "")


def _url(report: FindingsReport, finding: Finding) -> str:
    text = report.rules.get(finding.rule)
    return "" if text is None else text.url


def _fence(text: str) -> str:
    """A fence longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _code(text: str) -> str:
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{text}{fence}"


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
