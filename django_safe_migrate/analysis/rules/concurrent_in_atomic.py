"""
An index cannot be built or dropped CONCURRENTLY inside a transaction, and neither can VACUUM, CREATE DATABASE or ALTER SYSTEM run there.

## Why it matters

The database refuses it, and Django's operations refuse it before: the migration fails on every database, also on an empty one.

## Instead of

    class Migration(migrations.Migration):
        operations = [
            AddIndexConcurrently(model_name="order", index=models.Index(fields=["number"], name="order_number_idx")),
        ]

## Use

    class Migration(migrations.Migration):
        atomic = False
        operations = [
            AddIndexConcurrently(model_name="order", index=models.Index(fields=["number"], name="order_number_idx")),
        ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations
from django.db.migrations.operations.base import Operation

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.deriving import is_concurrent
from django_safe_migrate.analysis.losses import command_of
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import Statement
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__,
    severity=Severity.ERROR,
    vendors={"postgresql", "sqlite"},
    directions=BOTH,
    about_rows=False,
)

_HINT = "Set atomic = False on the migration, and move its other operations to another migration."


@rule.operation(operations.AddIndex, operations.RemoveIndex)
def check_operation(operation: Operation, context: Context) -> Iterator[Finding]:
    """AddIndexConcurrently and RemoveIndexConcurrently."""
    if context.runs_in_transaction and is_concurrent(operation):
        name = type(operation).__name__
        yield rule.finding(
            context, f"{name} fails, because {context.planned.label} is atomic.", hint=_HINT
        )


@rule.statement(Statement)
def check_statement(statement: Statement, context: Context) -> Iterator[Finding]:
    """CREATE INDEX CONCURRENTLY and the like in hand-written SQL."""
    if context.runs_in_transaction and context.facts(statement).refused_in_transaction:
        yield rule.finding(
            context,
            f"{command_of(statement)} fails, because {context.planned.label} is atomic.",
            hint=_HINT,
        )
