"""A status as text: tables on a terminal, the same rows aligned in plain text elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from django_safe_migrate.reports.console import STYLES
from django_safe_migrate.status import words
from django_safe_migrate.status.contents import Status
from django_safe_migrate.status.views import Section, sections

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {
    **STYLES,
    "pending": "yellow",
    "ghost": "bold red",
    "replaced": "dim",
    "unusable": "yellow",
    "killed": "bold red",
    "interrupted": "yellow",
    "finished": "green",
    "unclear": "bold red",
    "nothing": "dim",
    "not": "dim",
    "free": "green",
    "held": "cyan",
}


def render(status: Status, view: str, *, detailed: bool = False) -> str:
    """Return the status as plain text, ending with a newline; ``detailed`` names every migration."""
    lines = [words.headline(status)]
    for section in sections(status, view, detailed=detailed):
        lines += ["", section.title, *_aligned(section)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def print_to(console: Console, status: Status, view: str, *, detailed: bool = False) -> None:
    """Print the status on a console of rich."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    style = "bold red" if status.unreachable else "bold yellow" if status.reasons else "bold green"
    console.print(Text(words.headline(status), style=style))
    for section in sections(status, view, detailed=detailed):
        console.print()
        console.print(Text(section.title, style="bold"))
        table = Table(
            box=None, show_header=bool(section.headings), header_style="dim", pad_edge=False
        )
        for place in range(max(len(row) for row in section.rows)):
            heading = section.headings[place] if place < len(section.headings) else ""
            table.add_column(heading, overflow="fold", justify=_justify(section, place))
        for row in section.rows:
            table.add_row(*(Text(cell, style=_style(cell)) for cell in row))
        console.print(Padding(table, (0, 0, 0, 2), expand=False))


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").isdigit() or cell == "-"


def _justify(section: Section, place: int) -> Literal["left", "right"]:
    cells = [row[place] for row in section.rows if place < len(row)]
    return "right" if cells and all(_is_number(cell) for cell in cells) else "left"


def _aligned(section: Section) -> Iterator[str]:
    table = [*([section.headings] if section.headings else []), *section.rows]
    last = max(len(row) for row in table) - 1
    widths = [
        max((len(row[place]) for row in table if place < len(row)), default=0)
        for place in range(last)
    ]
    right = [_justify(section, place) == "right" for place in range(last)]
    for row in table:
        cells = [
            cell.rjust(widths[place]) if right[place] else cell.ljust(widths[place])
            for place, cell in enumerate(row[:last])
        ]
        yield "  " + "  ".join([*cells, *row[last:]])


def _style(cell: str) -> str:
    if cell.startswith("python manage.py"):
        return "bold"
    return _STYLES.get(cell.split(" ", 1)[0], "") if len(cell) < 16 else ""
