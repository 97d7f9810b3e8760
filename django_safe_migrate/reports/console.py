"""The report as text for a terminal or a log: the same lines, with colours where there is a terminal."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.reports import estimates, expected, monitoring, point_in_time, units, words
from django_safe_migrate.reports.document import Report

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Steps whose way back is told one by one; a first install has hundreds, and nobody goes back from it.
STEPS = 8

#: The columns of what happened over time.
TIMELINE = ("Second", "Waiting", "Longest", "Response")

#: Styles of rich for words that tell how something went.
STYLES = {
    "success": "bold green",
    "succeeded": "bold green",
    "applied": "green",
    "unapplied": "green",
    "passed": "green",
    "lossless": "green",
    "running": "cyan",
    "faked": "cyan",
    "info": "cyan",
    "planned": "dim",
    "skipped": "dim",
    "warning": "yellow",
    "partial": "bold yellow",
    "lossy": "yellow",
    "failed": "bold red",
    "error": "bold red",
    "irreversible": "red",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A title and rows of cells; the first word of a cell decides its colour. The last column may be long."""

    title: str
    rows: tuple[tuple[str, ...], ...]


def render(report: Report) -> str:
    """Return the report as plain text, ending with a newline."""
    lines = [words.headline(report), ""]
    for section in sections(report):
        lines += [section.title, *_aligned(section.rows), ""]
    return "\n".join(lines[:-1]) + "\n"


def print_to(console: Console, report: Report) -> None:
    """Print the report on a console of rich."""
    from rich.text import Text

    console.print(Text(words.headline(report), style=STYLES.get(report.run.outcome, "")))
    for section in sections(report):
        console.print()
        console.print(Text(section.title, style="bold"))
        console.print(_rich_table(section))


def sections(report: Report) -> Iterator[Section]:
    """Yield the parts of the report that have something to say."""
    yield Section("Summary", tuple(_summary(report)))
    migrations = tuple(_flat(row) for row in _migrations(report))
    if migrations:
        yield Section("Executed migrations", migrations)
    rehearsed = tuple(_flat(row) for row in expected.rows(report))
    if rehearsed:
        yield Section("Rehearsed and actual", (expected.HEADINGS, *rehearsed))
    remarks = tuple(_flat((one,)) for one in expected.remarks(report))
    if remarks:
        yield Section("Rehearsal", remarks)
    measured = tuple(_flat(row) for row in words.all_measurements(report))
    yield Section("Performance impact", measured)
    moments = tuple(monitoring.timeline(report.monitoring))
    if moments:
        yield Section("Sessions that waited for this run", (TIMELINE, *moments))
    opened = tuple(_flat(row) for row in words.breakers(report))
    if opened:
        yield Section("Circuit breakers", opened)
    issues = tuple(_flat(row) for row in _issues(report))
    yield Section("Issues encountered", issues or (("none",),))
    for told in point_in_time.sentences(report.point_in_time):
        places = (_flat(row) for row in point_in_time.rows(report.point_in_time))
        yield Section("Point in time", (_flat((told,)), *places))
    yield Section("Rollback plan", tuple(_flat(row) for row in _rollback(report)))


def printable(text: str) -> str:
    """Return text from outside on one line, indented as it was, without characters that would steer a terminal."""
    flat = " ".join(text.split())
    indent = " " * (len(text) - len(text.lstrip(" "))) if flat else ""
    if flat.isprintable():  # nearly always
        return indent + flat
    shown = (
        one if unicodedata.category(one)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for one in flat
    )
    return indent + "".join(shown)


def hint_lines(hint: str) -> list[str]:
    """Return a hint line by line: one of several lines is code, whose indentation matters."""
    first, *rest = hint.strip("\n").splitlines() or [""]
    return [f"Hint: {first}", *(f"      {line}" for line in rest)] if first or rest else []


def _flat(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(printable(cell) for cell in row)


def _summary(report: Report) -> Iterator[tuple[str, str]]:
    run = report.run
    yield "Batch", run.id
    yield "Status", run.outcome
    yield "Execution time", units.duration(run.seconds)
    yield "Database", printable(f"{run.database} ({run.server or run.vendor})")
    yield "Affected tables", printable(units.listed(report.tables, 12) or "none")
    yield "Backup", printable(words.backup(report))


def _migrations(report: Report) -> Iterator[tuple[str, ...]]:
    for one in report.migrations:
        yield words.status(one), one.label, words.duration(one), one.impact


def _issues(report: Report) -> Iterator[tuple[str, str]]:
    if report.failure is not None:
        yield "failed", report.failure.message
        yield "", report.failure.changed
        if report.failure.next_command:
            yield "", f"Next: python manage.py {report.failure.next_command}"
    for finding in report.findings:
        where = f"{finding.migration}: " if finding.migration else ""
        allowed = " (allowed)" if finding.allowed else ""
        yield (
            finding.severity.label,
            f"{where}{estimates.message(finding)} [{finding.rule}]{allowed}",
        )
        yield from (("", line) for line in hint_lines(finding.hint))
    for notice in report.notices:
        yield "notice", notice


def _rollback(report: Report) -> Iterator[tuple[str, ...]]:
    plan = report.rollback
    yield (plan.summary,)
    telling = [step for step in plan.steps if step.details]
    for step in telling[:STEPS]:
        yield (f"{step.capability}: {step.migration}: {'; '.join(step.details)}",)
    if len(telling) > STEPS:
        yield (f"and {len(telling) - STEPS} more, which the markdown and JSON reports list",)
    for command in plan.commands:
        yield (command.command,)
        yield (f"    {command.purpose}",)


def _aligned(rows: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    widths: dict[int, int] = {}
    for row in rows:
        for place, cell in enumerate(row[:-1]):
            widths[place] = max(widths.get(place, 0), len(cell))
    for row in rows:
        start = (cell.ljust(widths[place]) for place, cell in enumerate(row[:-1]))
        yield ("  " + "  ".join([*start, row[-1]])).rstrip()


def _rich_table(section: Section) -> RenderableType:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for place in range(max(len(row) for row in section.rows)):
        table.add_column(overflow="fold", no_wrap=place == 0 and len(section.rows[0]) > 1)
    for row in section.rows:
        table.add_row(*(Text(cell, style=_style(cell)) for cell in row))
    return Padding(table, (0, 0, 0, 2))


def _style(cell: str) -> str:
    if cell.startswith("python manage.py"):
        return "bold"
    first = cell.split(" ", 1)[0].rstrip(":")
    return (
        STYLES.get(first, "")
        if len(cell) <= len("applied (attempt 100)") or cell.startswith(f"{first}:")
        else ""
    )
