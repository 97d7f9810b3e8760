"""
An index that is built after its table was altered in the same transaction blocks reads as well as writes.

## Why it matters

Building an index blocks writes only. But the transaction that has altered the table holds an ACCESS EXCLUSIVE lock until it ends, and
so nobody can read either until the index is built.

## Instead of

    operations = [
        migrations.AddField(model_name="order", name="paid_at", field=models.DateTimeField(null=True)),
        migrations.AddIndex(model_name="order", index=models.Index(fields=["number"], name="order_number_idx")),
    ]

## Use

Two migrations: one that alters the table, and one of its own, with `atomic = False`, that builds the index:

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

from django_safe_migrate.analysis.changes import ColumnAltered, IndexAdded
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.work import only_adds_index
from django_safe_migrate.databases.facts import Blocking
from django_safe_migrate.databases.statements import CreateIndex
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.WARNING, vendors={"postgresql"}, directions=BOTH, about_time=True
)


@rule.change(IndexAdded)
def check_index(change: IndexAdded, context: Context) -> Iterator[Finding]:
    """By AddIndex, index_together, or by undoing RemoveIndex."""
    if not change.concurrently:
        yield from _findings(change.table, change.name or ", ".join(change.columns), context)


@rule.statement(CreateIndex)
def check_statement(statement: CreateIndex, context: Context) -> Iterator[Finding]:
    """CREATE INDEX in hand-written SQL."""
    if not statement.concurrently:
        yield from _findings(statement.table, statement.name, context)


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """`db_index=True` and nothing else: what is altered with it is another rule's."""
    if only_adds_index(change):
        yield from _findings(change.table, f"on column {change.new.name}", context)


def _findings(table: str, index: str, context: Context) -> Iterator[Finding]:
    """``held`` is empty where the migration is not one transaction."""
    for lock in context.held:
        if lock.table == table and lock.blocking is Blocking.READS_AND_WRITES:
            yield rule.finding(
                context,
                f"Index {index} of {table} is built in the transaction that has altered the table before and holds {lock.sentence}, "
                "until it ends.",
                hint=_hint(context),
                tables=[table],
            )


def _hint(context: Context) -> str:
    operation = context.operation
    if context.backwards or not isinstance(operation, operations.AddIndex):
        return "Build the index CONCURRENTLY in a migration of its own with atomic = False."
    concurrent = code(operation, name="AddIndexConcurrently")
    return f"In a migration of its own with atomic = False (from django.contrib.postgres.operations):\n\n{concurrent}"
