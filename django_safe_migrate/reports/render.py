"""A report in the format asked for: text, markdown or json."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from django_safe_migrate.reports import as_json, console, markdown
from django_safe_migrate.reports.document import SCHEMA_VERSION, Report
from django_safe_migrate.reports.terminal import Terminal, terminal

TEXT = "text"
MARKDOWN = "markdown"
JSON = "json"
FORMATS = (TEXT, JSON, MARKDOWN)


def to_text(
    report: Report, kind: str, *, stdout: Any = None, options: Mapping[str, Any] | None = None
) -> str:
    """
    Return a report in a format; text has colours when ``stdout`` is a terminal, as ``options`` allow.

    ``options`` are those of a Django command: ``force_color`` and ``no_color``.
    """
    if kind == JSON:
        return as_json.render(report)
    if kind == MARKDOWN:
        return markdown.render(report)
    if kind != TEXT:
        raise ValueError(f"{kind!r} is not a format of reports; there are {', '.join(FORMATS)}.")
    chosen = options or {}
    found = terminal(
        stdout,
        force_color=bool(chosen.get("force_color")),
        no_color=bool(chosen.get("no_color")),
    )
    return _on_terminal(report, found) if found.is_colored else console.render(report)


def nothing_to_do(alias: str, kind: str) -> str:
    """Return what a run prints that had nothing to carry out."""
    if kind == JSON:
        return json.dumps(nothing_to_do_json(alias), indent=2) + "\n"
    if kind == MARKDOWN:
        return f"# Migration report: {markdown.text(alias)}\n\nNo migrations to apply.\n"
    return "  No migrations to apply.\n"


def nothing_to_do_json(alias: str) -> dict[str, Any]:
    """Return the document of a run that had nothing to carry out."""
    return {"schema_version": SCHEMA_VERSION, "run": None, "database": alias, "migrations": []}


def _on_terminal(report: Report, found: Terminal) -> str:
    buffer = io.StringIO()
    console.print_to(found.console(buffer), report)
    # Cells of a table are padded to its width, which a log would keep.
    return re.sub(r" *((?:\x1b\[0m)?) *$", r"\1", buffer.getvalue(), flags=re.MULTILINE)
