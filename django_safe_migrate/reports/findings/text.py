"""Findings as people read them: by migration, with the place in the file, what to do instead, and a line of counts at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.findings import Severity
from django_safe_migrate.reports import estimates, units
from django_safe_migrate.reports import forecast as forecasts
from django_safe_migrate.reports.console import STYLES, printable
from django_safe_migrate.reports.findings.document import CheckedMigration, FindingsReport

if TYPE_CHECKING:
    from rich.console import Console

    from django_safe_migrate.findings import Finding

#: A style of rich and a text.
Line = tuple[str, str]


def render(report: FindingsReport) -> str:
    """Return the report as plain lines."""
    return "\n".join(text for _, text in lines(report)) + "\n"


def print_to(console: Console, report: FindingsReport) -> None:
    """Print the report with colours."""
    for style, text in lines(report):
        console.print(text, style=style or None, markup=False, highlight=False)


def lines(report: FindingsReport) -> Iterator[Line]:
    """Yield the lines of the report with their styles; control characters are shown, not sent to the terminal."""
    yield "", f"Checking {report.scope} for {report.target}."
    for migration, findings in report.groups():
        if findings or _forecast(migration, findings):
            yield "", ""
            yield from _migration(report, migration, findings)
    yield "", ""
    yield from (("", line) for line in closing_lines(report))
    yield _style_of_summary(report), summary(report)


def summary(report: FindingsReport) -> str:
    """Return the counts in one line, and whether anything blocks."""
    looked_at = units.number(len(report.migrations), "migration")
    counts = [
        units.number(report.count(severity), noun)
        for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"))
        if report.count(severity)
    ]
    if infos := report.count(Severity.INFO):
        counts.append(f"{infos:,} for information")
    if report.allowed:
        counts.append(f"{report.allowed:,} allowed")
    if report.baselined:
        counts.append(f"{report.baselined:,} in the baseline")
    found = ", ".join(counts) or "no findings"
    verdict = f"{len(report.blocking):,} blocking." if report.blocking else "Nothing blocks."
    return f"{looked_at} checked: {found}. {verdict}"


def closing_lines(report: FindingsReport) -> Iterator[str]:
    """Yield what the forecasts come to, and how to see those that are not shown."""
    if longest := forecasts.longest_line(report.forecasts()):
        yield _shown(longest)
    if report.hidden:
        number = units.number(report.hidden, "forecast")
        yield f"{number} of migrations without findings: see them with --verbosity 2."


def _forecast(migration: CheckedMigration, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    if not (migration.in_text or findings):
        return ()
    return forecast_lines(migration)


def forecast_lines(migration: CheckedMigration) -> tuple[str, ...]:
    """Return the forecast of a migration in sentences; of one that nobody has asked for, none."""
    if migration.forecast is None and not migration.left_out:
        return ()
    return forecasts.lines(migration.forecast)


def _migration(
    report: FindingsReport, migration: CheckedMigration, findings: tuple[Finding, ...]
) -> Iterator[Line]:
    path = report.path(migration.file)
    yield "bold", migration.label + (f"  ({path})" if path else "")
    yield from (("", f"  {_shown(line)}") for line in _forecast(migration, findings))
    for finding in findings:
        yield from _finding(report, finding)


def _finding(report: FindingsReport, finding: Finding) -> Iterator[Line]:
    label = finding.severity.label
    style = "dim" if finding.allowed else STYLES.get(label, "")
    allowed = " (allowed)" if finding.allowed else ""
    place = report.place(finding)
    yield style, f"  {label.upper():7}  [{finding.rule}]{allowed}" + (f"  {place}" if place else "")
    yield from (
        ("", f"           {_shown(line)}") for line in estimates.message(finding).splitlines()
    )
    first, *rest = finding.hint.strip("\n").splitlines() or [""]
    if first:
        yield "dim", f"           Hint: {_shown(first)}"
    yield from (("dim", f"                 {_shown(line)}".rstrip()) for line in rest)


def _shown(line: str) -> str:
    return printable(line)


def _style_of_summary(report: FindingsReport) -> str:
    if report.blocking:
        return STYLES["failed"]
    return STYLES["success"] if not report.count(Severity.WARNING) else STYLES["warning"]
