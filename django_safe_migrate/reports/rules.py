"""The list of rules, as a table of plain columns or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from django_safe_migrate.reports.findings.document import RuleText

_HEADINGS = ("Rule", "Severity", "Vendors", "Directions", "Harm")


def render(rules: Iterable[RuleText], output: str) -> str:
    """Return the rules in the format text or json, ending with a newline."""
    if output == "json":
        listed = [rule.to_json() for rule in rules]
        return json.dumps({"schema_version": 1, "rules": listed}, indent=2) + "\n"
    return "\n".join(_columns([_HEADINGS, *map(_cells, rules)])) + "\n"


def _cells(rule: RuleText) -> tuple[str, ...]:
    vendors = ", ".join(rule.vendors) or "all"
    return (rule.name, rule.severity, vendors, ", ".join(rule.directions), rule.summary)


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()
