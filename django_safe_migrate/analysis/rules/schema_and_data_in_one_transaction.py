"""
Data that is changed in the transaction that changed the schema keeps a table blocked all the while.

## Why it matters

PostgreSQL holds the lock of a schema change until the transaction ends. In an atomic migration it is held while the Python or SQL
that follows works through rows: what would block for a moment blocks for as long as that takes.

## Instead of

    operations = [
        migrations.AddField(model_name="order", name="number", field=models.IntegerField(null=True)),
        migrations.RunPython(fill_numbers, migrations.RunPython.noop),
    ]

## Use

Two migrations: one for the schema, one for the data.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.operations import RunPython

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    ColumnAdded,
    ColumnAltered,
    ColumnDropped,
    ColumnRenamed,
    ConstraintAdded,
    ConstraintDropped,
    TableRenamed,
    UniqueAdded,
    UniqueDropped,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

# SQLite has one lock for the whole database, which a migration of data alone holds as well.
rule = Rule(__name__, severity=Severity.WARNING, vendors={"postgresql"}, directions=BOTH)

_BLOCKING = (
    ColumnAdded,
    ColumnAltered,
    ColumnDropped,
    ColumnRenamed,
    ConstraintAdded,
    ConstraintDropped,
    TableRenamed,
    UniqueAdded,
    UniqueDropped,
)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Whatever rows the code works on: the lock is held while it runs."""
    if change.code is None or change.code is RunPython.noop or not context.runs_in_transaction:
        return
    tables = _blocked(context.changes, context)
    if tables:
        yield rule.finding(
            context,
            f"RunPython in {context.planned.label} runs while the transaction holds {locks.ACCESS_EXCLUSIVE}, on {', '.join(tables)}.",
            hint="Move RunPython to a migration of its own, after this one.",
            tables=tables,
        )


def _blocked(earlier: list[Change], context: Context) -> list[str]:
    changed = (
        change.new_table if isinstance(change, TableRenamed) else change.table
        for change in earlier
        if isinstance(change, _BLOCKING)
    )
    return [table for table in dict.fromkeys(changed) if not context.is_new(table)]
