"""The report as markdown, for a pull request, a chat or a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.reports import estimates, expected, monitoring, point_in_time, units, words
from django_safe_migrate.reports.document import Report

#: Forecasts of so many migrations are listed.
FORECASTS = 20
#: Underscores inside words mean nothing to markdown, and names of tables are full of them.
_SPECIAL = re.compile(r"([\\`*\[\]|~#]|(?<!\w)_|_(?!\w))")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def render(report: Report) -> str:
    """Return the report as markdown, ending with a newline."""
    parts = (
        *(_summary, _migrations, _rehearsal, _performance, _breakers, _issues),
        *(_point_in_time, _rollback),
    )
    lines = [f"# Migration report: {text(report.run.database)}", ""]
    for written in filter(None, (list(part(report)) for part in parts)):
        lines += [*written, ""]
    return "\n".join(lines).rstrip() + "\n"


def text(value: object) -> str:
    """Return text from outside so that markdown shows it as it is, on one line: no markup but code between backticks."""
    pieces = re.split("`([^`]+)`", _flat(value))
    return "".join(code(one) if place % 2 else _escaped(one) for place, one in enumerate(pieces))


def cell_text(value: object) -> str:
    """Return the same in a cell of a table."""
    pieces = re.split("`([^`]+)`", _flat(value))
    return "".join(cell(one) if place % 2 else _escaped(one) for place, one in enumerate(pieces))


def code(value: object) -> str:
    """Return text from outside as a code span."""
    flat = _flat(value)
    fence = "`" * (max((len(run) for run in re.findall("`+", flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def cell(value: object) -> str:
    """Return the same in a cell of a table, where a bar ends the cell even inside of code."""
    return code(value).replace("|", "\\|")


def _flat(value: object) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(str(value).split()))


def _escaped(plain: str) -> str:
    escaped = _SPECIAL.sub(r"\\\1", plain)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _summary(report: Report) -> Iterator[str]:
    run = report.run
    yield "## Summary"
    yield ""
    yield from _table(("", ""), list(_summary_rows(report)))
    if run.status == "running":
        yield ""
        yield "The run is under way; this report tells what is known so far."


def _summary_rows(report: Report) -> Iterator[tuple[str, str]]:
    run = report.run
    yield "Batch", cell(run.id)
    yield "Status", f"**{run.outcome}**"
    yield "Execution time", units.duration(run.seconds)
    yield "Started", cell_text(run.started_at)
    yield "Database", cell_text(f"{run.database} ({run.server or run.vendor})")
    yield "Affected tables", ", ".join(cell(table) for table in report.tables) or "none"
    yield "Backup", cell_text(words.backup(report))
    yield "By", cell_text(f"{run.who} on {run.host}, process {run.pid}")
    yield "Command", cell(run.command)
    if run.release:
        yield "Release", cell(run.release)
    if run.rollback_of:
        yield "Rollback of", cell(run.rollback_of)


def _migrations(report: Report) -> Iterator[str]:
    yield "## Executed Migrations"
    yield ""
    if not report.migrations:
        yield "None."
        return
    rows = [
        (cell(one.label), cell_text(words.status(one)), words.duration(one), cell_text(one.impact))
        for one in report.migrations
    ]
    yield from _table(("Migration", "Status", "Duration", "Impact"), rows)
    told = [one for one in report.migrations if one.forecast]
    if told:
        yield from ("", "### What was forecast")
    for one in told[:FORECASTS]:
        yield from ("", f"- {code(one.label)}", *(f"  - {text(line)}" for line in one.forecast))
    if len(told) > FORECASTS:
        yield from ("", f"{len(told) - FORECASTS} more are in the JSON report.")


def _rehearsal(report: Report) -> Iterator[str]:
    rows = [(cell(row[0]), *(cell_text(one) for one in row[1:])) for row in expected.rows(report)]
    remarks = list(expected.remarks(report))
    if rows or remarks:
        yield from ("## Rehearsal", "")
        yield from [*_table(expected.HEADINGS, rows), ""] if rows else []
        yield from (f"- {text(one)}" for one in remarks)


def _performance(report: Report) -> Iterator[str]:
    yield "## Performance Impact"
    yield ""
    rows = [(cell_text(name), cell_text(value)) for name, value in words.all_measurements(report)]
    yield from _table(("Measured", "Value"), rows)
    moments = [
        tuple(cell_text(one) for one in row) for row in monitoring.timeline(report.monitoring)
    ]
    if moments:
        yield from [
            "",
            *_table(("Second", "Waiting for this run", "Longest wait", "Response"), moments),
        ]
    if report.stages:
        yield ""
        stages = [
            (one.name, cell_text(one.status), units.duration(one.seconds)) for one in report.stages
        ]
        yield from _table(("Stage", "Status", "Duration"), stages)


def _breakers(report: Report) -> Iterator[str]:
    rows = [tuple(cell_text(one) for one in row) for row in words.breakers(report)]
    if rows:
        yield "## Circuit Breakers"
        yield ""
        yield from _table(("Breaker", "What it did", "Why"), rows)


def _point_in_time(report: Report) -> Iterator[str]:
    for told in point_in_time.sentences(report.point_in_time):
        yield from ("## Point in Time", "", text(told))
        rows = [
            (cell_text(when), cell(at), cell(name))
            for when, at, name in point_in_time.rows(report.point_in_time)
        ]
        if rows:
            yield ""
            yield from _table(("When", "Position", "Restore point"), rows)


def _issues(report: Report) -> Iterator[str]:
    yield "## Issues Encountered"
    yield ""
    if not (report.failure or report.findings or report.notices):
        yield "None."
        return
    blocks = [_failure(report), *(_severity(report, severity) for severity in reversed(Severity))]
    blocks.append(f"- {text(notice)}" for notice in report.notices)
    written = [lines for lines in map(list, blocks) if lines]
    for place, lines in enumerate(written):
        yield from [""] if place else []
        yield from lines


def _failure(report: Report) -> Iterator[str]:
    if report.failure is None:
        return
    yield "### The run's error"
    yield ""
    yield f"- **What happened:** {text(report.failure.message)}"
    yield f"- **Was the database changed:** {text(report.failure.changed)}"
    if report.failure.next_command:
        yield f"- **Next command:** {code(f'python manage.py {report.failure.next_command}')}"


def _severity(report: Report, severity: Severity) -> Iterator[str]:
    findings = [finding for finding in report.findings if finding.severity == severity]
    if not findings:
        return
    yield f"### {severity.label.capitalize()}: {units.number(len(findings), 'finding')}"
    yield ""
    for finding in findings:
        yield from _finding(finding)


def _finding(finding: Finding) -> Iterator[str]:
    where = f" ({code(finding.migration)})" if finding.migration else ""
    allowed = " Allowed for this run." if finding.allowed else ""
    yield f"- {code(finding.rule)}{where}: {text(estimates.message(finding))}{allowed}"
    hint = finding.hint.strip()
    if "\n" in hint:
        yield from _code_block(hint)
    elif hint:
        yield f"  - Hint: {text(hint)}"


def _code_block(hint: str) -> Iterator[str]:
    """A hint of several lines is code to be pasted: shown as it is, inside the list item."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", hint)), default=0) + 1)
    yield ""
    yield f"  {fence}text"
    yield from (f"  {_CONTROL.sub('', line)}".rstrip() for line in hint.splitlines())
    yield f"  {fence}"
    yield ""


def _rollback(report: Report) -> Iterator[str]:
    yield "## Rollback Plan"
    yield ""
    yield text(report.rollback.summary)
    if report.rollback.steps:
        yield ""
        rows = [
            (cell(one.migration), one.capability, cell_text("; ".join(one.details)))
            for one in report.rollback.steps
        ]
        yield from _table(("Migration", "Going back", "What is lost, or why not"), rows)
    for command in report.rollback.commands:
        yield ""
        yield text(command.purpose)
        yield ""
        yield "```shell"
        yield _flat(command.command)
        yield "```"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"| {' | '.join('---' for _ in header)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
