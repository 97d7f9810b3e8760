"""
An index dropped without CONCURRENTLY blocks reads and writes of its table for a moment.

## Why it matters

DROP INDEX takes an ACCESS EXCLUSIVE lock on the table and its index. It is held briefly, but it has to be got first: until the longest
query on the table has finished, everyone who comes later waits behind it.

## Instead of

    migrations.RemoveIndex(model_name="order", name="order_number_idx"),

## Use

In a migration of its own:

    from django.contrib.postgres.operations import RemoveIndexConcurrently

    class Migration(migrations.Migration):
        atomic = False
        operations = [
            RemoveIndexConcurrently(model_name="order", name="order_number_idx"),
        ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAltered, IndexDropped
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, vendors={"postgresql"}, directions=BOTH)


@rule.change(IndexDropped)
def check(change: IndexDropped, context: Context) -> Iterator[Finding]:
    """By RemoveIndex, index_together, or by undoing AddIndex."""
    if change.concurrently:
        return
    name = f"index {change.name}" if change.name else f"the index on {', '.join(change.columns)}"
    yield rule.finding(
        context,
        f"Dropping {name} of {change.table} takes {locks.ACCESS_EXCLUSIVE}.",
        hint=_hint(context),
        tables=[change.table],
    )


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """`db_index=False` on an existing column."""
    if change.drops_index and not change.new.unique and not change.new.primary_key:
        yield rule.finding(
            context,
            f"Dropping the index on column {change.new.name} of {change.table} takes {locks.ACCESS_EXCLUSIVE}.",
            hint="Keep the lock timeout short: the statement is quick once it has its lock.",
            tables=[change.table],
        )


def _hint(context: Context) -> str:
    operation = context.operation
    if context.backwards or not isinstance(operation, operations.RemoveIndex):
        return "Use the Concurrently form of the operation in a migration with atomic = False."
    concurrent = code(operation, name="RemoveIndexConcurrently")
    return f"In a migration of its own with atomic = False (from django.contrib.postgres.operations):\n\n{concurrent}"
