"""What ``migrate_repair`` found, as text: one table, with what would be done beside each problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django_safe_migrate.reports.console import printable

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.repair import Problem

SCHEMA_VERSION = 1
NOTHING = "Nothing to repair."
NOTHING_ASKED = "Nothing to repair of what was asked for."
_HEADINGS = ("subject", "action", "found, and what would be done")


def table(problems: Sequence[Problem], database: Database) -> str:
    """Return the problems as aligned text, ending with a newline."""
    notices = sum(problem.is_notice for problem in problems)
    wrong = len(problems) - notices
    number = f"{wrong} problem{'' if wrong == 1 else 's'}"
    if notices:
        number += f" and {notices} notice{'' if notices == 1 else 's'}"
    rows = [_HEADINGS, *(row for problem in problems for row in _rows(problem))]
    widths = [max(len(row[place]) for row in rows) for place in range(2)]
    lines = [f"{number} on {database.alias} ({database.server})", ""]
    for subject, action, text in rows:
        lines.append(f"  {subject.ljust(widths[0])}  {action.ljust(widths[1])}  {text}".rstrip())
    return "\n".join(lines) + "\n"


def _rows(problem: Problem) -> Iterator[tuple[str, str, str]]:
    yield printable(problem.subject), f"--{problem.action}", printable(problem.found)
    for line in _details(problem):
        yield "", "", printable(line)


def _details(problem: Problem) -> Iterator[str]:
    yield f"-> {problem.remedy}"
    for loss in problem.losses:
        yield f"   Lost: {loss}."
    for statement in problem.statements:
        yield f"   {' '.join(statement.split())}"
    if problem.next_command:
        yield f"   python manage.py {problem.next_command}"


def not_asked_for(problems: Sequence[Problem]) -> str:
    """Return one line for each problem that is there as well, and that no named action is about."""
    lines = ["Found as well, and not asked for:"]
    lines += [
        f"  --{one.action}  {printable(one.subject)}: {printable(one.found)}" for one in problems
    ]
    return "\n".join(lines) + "\n"


def as_json(
    problems: Sequence[Problem],
    database: Database,
    *,
    dry_run: bool,
    repaired: Sequence[Problem] = (),
    others: Sequence[Problem] = (),
) -> dict[str, Any]:
    """Return plain data; docs/commands.md describes it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "database": database.alias,
        "server": database.server,
        "dry_run": dry_run,
        "problems": [
            {**problem.to_json(), "repaired": problem in repaired} for problem in problems
        ],
        "others": [problem.to_json() for problem in others],
    }
