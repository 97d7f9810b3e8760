"""
The plan goes back over an operation that cannot be undone.

## Why it matters

Django undoes the migrations after it and then stops, so that the database is neither where it was nor where it should be.

## Instead of

    python manage.py safemigrate shop 0004

## Use

A target after this migration, or a backup from before it; for the future, give RunPython and RunSQL a reverse.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.operations.base import Operation

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BACKWARDS, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BACKWARDS, about_rows=False)


@rule.operation(Operation)
def check(operation: Operation, context: Context) -> Iterator[Finding]:
    """Also inside of SeparateDatabaseAndState, which says of itself that it can always be undone."""
    if not operation.reversible:
        yield rule.finding(
            context,
            f"{context.planned.label} cannot be undone, because its operation {operation.describe()!r} has no reverse.",
            hint="Choose a target after this migration, or restore a backup from before it.",
        )
