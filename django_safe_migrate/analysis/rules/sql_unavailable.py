"""
The SQL of an operation cannot be shown before it runs.

## Why it matters

Reading the SQL beforehand is how people convince themselves that a migration is harmless. For this operation there is none to read,
or it was written against a schema that earlier pending migrations will have changed: do not take its absence for a good sign.

## Instead of

    python manage.py safemigrate --dry-run

## Use

Read the Python of the operation; or apply the migrations before this one first, and look again.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.operations.base import Operation

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql import Confidence

rule = Rule(__name__, severity=Severity.INFO, directions=BOTH, about_rows=False)


@rule.operation(Operation)
def check(operation: Operation, context: Context) -> Iterator[Finding]:
    """Only when SQL was asked for; once for an operation with others nested in it."""
    sql = None if context.is_nested else context.operation_sql
    if sql is not None and sql.confidence is Confidence.UNAVAILABLE:
        yield rule.finding(
            context,
            f"The SQL of {operation.describe()!r} in {context.planned.label} cannot be shown: {sql.reason}",
            hint="Read the operation itself, or apply the migrations before it first and look again.",
        )
