"""
RunPython loads every row of a table into memory.

## Why it matters

A queryset that is gone through keeps all its objects until the end. A table of some millions of rows takes gigabytes, and the process
that migrates is killed half-way.

## Instead of

    for order in Order.objects.all():
        ...

## Use

    for order in Order.objects.iterator(chunk_size=2000):
        ...
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import RowsLoaded
from django_safe_migrate.analysis.reading_python.of_change import (
    growing_table_of,
    place,
    title,
    uses,
)
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Wherever a whole table is gone through at once; a table known to be small does not matter."""
    for use in uses(change, context, RowsLoaded):
        table = growing_table_of(use.model, context)
        if table:
            yield rule.finding(
                context,
                f"{title(change, context)} loads every row of {table}{_condition(use)} into memory at once{context.filled(table)}.",
                hint=_hint(use),
                tables=[table],
                severity=Severity.INFO if context.is_small(table) else None,
                **place(use),
            )


def _condition(use: RowsLoaded) -> str:
    return " that matches" if use.filtered else ""


def _hint(use: RowsLoaded) -> str:
    streamed = f"{use.source}.iterator(chunk_size=2000)"
    if use.iterated:
        return f"Fetch the rows in portions:\n\nfor row in {streamed}:\n    ..."
    return f"Go through the rows in portions instead of keeping them:\n\nfor row in {streamed}:\n    ..."
