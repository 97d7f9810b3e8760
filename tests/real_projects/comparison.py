"""
What differs between two databases, written for the person who has to find out why.

An empty text means that they are the same, down to the next id of every table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import unified_diff

from tests.real_projects.dumps import DatabaseDump, TableRows

# A table whose rows all differ tells no more with its thousandth row.
SHOWN_LINES = 40


def compare_dumps(
    first: DatabaseDump, second: DatabaseDump, labels: tuple[str, str] = ("migrate", "safemigrate")
) -> str:
    """Return every difference as unified diffs under headings, or an empty text."""
    sections = [
        *compare_schemas(first, second, labels),
        *_section(
            "the properties of the database",
            _lines(first.properties),
            _lines(second.properties),
            labels,
        ),
        *_section(
            "counters (the last or next id)",
            _lines(first.counters),
            _lines(second.counters),
            labels,
        ),
        *_row_sections(first.tables, second.tables, labels),
    ]
    return "\n\n".join(sections)


def compare_schemas(
    first: DatabaseDump, second: DatabaseDump, labels: tuple[str, str]
) -> list[str]:
    """Return the differences of the definitions alone."""
    return _section(
        "the schema", first.schema.splitlines(), second.schema.splitlines(), labels, context=2
    )


def _row_sections(
    first: Mapping[str, TableRows], second: Mapping[str, TableRows], labels: tuple[str, str]
) -> Iterator[str]:
    for name in sorted({*first, *second}):
        before, after = first.get(name), second.get(name)
        if before and after and before.columns == after.columns:
            before, after = _without_same_rows(before, after)
        yield from _section(f"rows of {name}", _row_lines(before), _row_lines(after), labels)


def _without_same_rows(before: TableRows, after: TableRows) -> tuple[TableRows, TableRows]:
    """Leave the rows of one side only; of rows that kept their first column, leave only what changed in them."""
    counts = Counter(before.rows), Counter(after.rows)
    only = tuple((counts[0] - counts[1]).elements()), tuple((counts[1] - counts[0]).elements())
    keys = [{row[0] for row in rows} for rows in only]
    if (
        any(len(found) < len(rows) for found, rows in zip(keys, only, strict=True))
        or keys[0] != keys[1]
    ):
        return TableRows(before.columns, only[0]), TableRows(after.columns, only[1])
    pairs = {row[0]: row for row in only[1]}
    changed = [
        place
        for place in range(len(before.columns))
        if place == 0 or any(row[place] != pairs[row[0]][place] for row in only[0])
    ]
    left, right = (tuple(tuple(row[place] for place in changed) for row in rows) for rows in only)
    columns = tuple(before.columns[place] for place in changed)
    return TableRows(columns, left), TableRows(columns, right)


def _row_lines(table: TableRows | None) -> list[str]:
    if table is None:
        return ["(the table does not exist)"]
    return [
        ", ".join(f"{column}={'NULL' if value is None else repr(value)}" for column, value in pairs)
        for pairs in (zip(table.columns, row, strict=True) for row in table.rows)
    ]


def _lines(values: Mapping[str, object]) -> list[str]:
    return [f"{name}: {value}" for name, value in sorted(values.items())]


def _section(
    heading: str,
    before: Iterable[str],
    after: Iterable[str],
    labels: tuple[str, str],
    *,
    context: int = 0,
) -> list[str]:
    """Return the heading with its diff, or nothing when both sides are the same."""
    lines = list(unified_diff(list(before), list(after), *labels, n=context, lineterm=""))
    hidden = len(lines) - SHOWN_LINES
    if hidden > 0:
        lines[SHOWN_LINES:] = [f"({hidden} more lines)"]
    return ["\n".join((f"Differences in {heading}:", *lines))] if lines else []
