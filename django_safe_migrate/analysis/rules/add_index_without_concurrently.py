"""
An index built without CONCURRENTLY blocks writes to its table until it is built.

## Why it matters

PostgreSQL reads the whole table under a SHARE lock, which blocks INSERT, UPDATE and DELETE. `db_index=True` builds the same index, and
so does every `ForeignKey`; in the transaction that has just added the column, reads are blocked as well.

## Instead of

    migrations.AddIndex(model_name="order", index=models.Index(fields=["number"], name="order_number_idx")),

## Use

In a migration of its own:

    from django.contrib.postgres.operations import AddIndexConcurrently

    class Migration(migrations.Migration):
        atomic = False
        operations = [
            AddIndexConcurrently(model_name="order", index=models.Index(fields=["number"], name="order_number_idx")),
        ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAdded, ColumnAltered, IndexAdded
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.held_locks import under_held_locks
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import CreateIndex
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.ERROR, vendors={"postgresql"}, directions=BOTH, about_time=True
)


@rule.change(IndexAdded)
def check_index(change: IndexAdded, context: Context) -> Iterator[Finding]:
    """By AddIndex, index_together, or by undoing RemoveIndex."""
    if change.concurrently:
        return
    name = f"index {change.name}" if change.name else f"the index on {', '.join(change.columns)}"
    yield rule.finding(
        context,
        f"Building {name} of {change.table} takes {locks.SHARE} until it is built.",
        hint=_hint(context),
        tables=[change.table],
    )


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """`db_index=True` on an existing column."""
    if change.adds_index:
        yield rule.finding(
            context,
            f"Building the index on column {change.new.name} of {change.table} takes {_lock(change, context)} until it is built.",
            hint="Leave db_index as it is, and add a models.Index with AddIndexConcurrently in a migration with atomic = False.",
            tables=[change.table],
        )


def _lock(change: ColumnAltered, context: Context) -> str:
    """The lock while the index is built: what else the operation alters before stays locked in its transaction."""
    under_all = under_held_locks(
        context.statement_facts(change), (), in_transaction=context.runs_in_transaction
    )
    found = (
        lock.sentence
        for facts in under_all
        if isinstance(facts.statement, CreateIndex) and (lock := facts.lock_on(change.table))
    )
    return next(found, locks.SHARE)


@rule.change(ColumnAdded)
def check_added(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """The index that comes with a new column is built in the transaction that holds the column's lock; on an empty table it is none."""
    if change.column.indexed and not change.column.needs_empty_table:
        lock = locks.ACCESS_EXCLUSIVE if context.runs_in_transaction else locks.SHARE
        yield rule.finding(
            context,
            f"Building the index on the new column {change.column.name} of {change.table} takes {lock} until it is built.",
            hint="Add the field with db_index=False, and then a models.Index with AddIndexConcurrently in a migration with "
            "atomic = False.",
            tables=[change.table],
        )


def _hint(context: Context) -> str:
    operation = context.operation
    if context.backwards or not isinstance(operation, operations.AddIndex):
        return "Use the Concurrently form of the operation in a migration with atomic = False."
    concurrent = code(operation, name="AddIndexConcurrently")
    return f"In a migration of its own with atomic = False (from django.contrib.postgres.operations):\n\n{concurrent}"
