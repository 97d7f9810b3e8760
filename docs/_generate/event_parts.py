"""The lines of JSON that are written while a run goes on."""

from __future__ import annotations

from pages import table

from django_safe_migrate.reports.event_fields import LINES, Field


def event_lines() -> str:
    """Return every kind of line, with its keys."""
    rows: list[tuple[str, ...]] = []
    for name, line in LINES.items():
        rows.append((f"**`{name}`**", "", line.when))
        rows += [(f"`{field.name}`", field.kind, _meaning(field)) for field in line.fields]
    return table(("Line, and its keys", "Kind", "Meaning"), rows)


def _meaning(field: Field) -> str:
    return field.meaning if field.always else f"{field.meaning}; may be left out"
