"""
PostgreSQL refuses to alter a table whose rows were written before in the same transaction.

## Why it matters

Django's foreign keys are checked at the end of the transaction. Until then a row that was inserted into a table with foreign keys, or
deleted from one that others refer to, is a pending trigger event, and ALTER TABLE, CREATE INDEX and DROP TABLE on that table fail with
`cannot ALTER TABLE because it has pending trigger events`. On an empty development database that often goes unnoticed.

## Instead of

    operations = [
        migrations.RunPython(create_orders, migrations.RunPython.noop),
        migrations.AddField(model_name="order", name="note", field=models.TextField(null=True)),
    ]

## Use

Two migrations: one for the data, one for the schema. Where they must be one, check the foreign keys in between:

    operations = [
        migrations.RunPython(create_orders, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddField(model_name="order", name="note", field=models.TextField(null=True)),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    ColumnAdded,
    ColumnAltered,
    ColumnDropped,
    ConstraintAdded,
    ConstraintDropped,
    IndexAdded,
    StatementsRun,
    TableDropped,
    UniqueAdded,
    UniqueDropped,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.pending_events import (
    foreign_keys,
    is_checked,
    pending,
    refused_tables,
    written,
)
from django_safe_migrate.analysis.recipes import sql
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, vendors={"postgresql"}, directions=BOTH)


@rule.change(
    ColumnAdded,
    ColumnAltered,
    ColumnDropped,
    ConstraintAdded,
    ConstraintDropped,
    IndexAdded,
    TableDropped,
    UniqueAdded,
    UniqueDropped,
)
def check(change: Change, context: Context) -> Iterator[Finding]:
    """Not names: PostgreSQL renames such a table and its columns."""
    if not context.runs_in_transaction or _needs_no_alter_table(change):
        return
    key = pending(context).get(change.table)
    if key is not None and key != _checked_by_django(change):
        yield _finding(change.table, context, "altered")


@rule.change(StatementsRun)
def check_statements(change: StatementsRun, context: Context) -> Iterator[Finding]:
    """ALTER TABLE and the like in hand-written SQL; one finding per table."""
    if context.runs_in_transaction:
        for table in dict.fromkeys(refused_tables(change, context)):
            yield _finding(table, context, "altered")


@rule.change(CodeRun, StatementsRun)
def check_deferred(change: Change, context: Context) -> Iterator[Finding]:
    """Django builds the index of a new column at the end of the migration, hence after this."""
    if not context.runs_in_transaction or is_checked(change, context):
        return
    added = [one for one in context.changes if isinstance(one, ColumnAdded)]
    made = {(one.table, one.column.name) for one in added}
    indexed = {one.table for one in added if one.column.indexed}
    tables = {table for table, inserts in written(change, context) if inserts} & indexed
    for table in sorted(tables):
        if foreign_keys(table, context.before, context, made):
            yield _finding(table, context, "indexed")


def _needs_no_alter_table(change: Change) -> bool:
    """Dropping an index is no change of the table; building one CONCURRENTLY is not part of a transaction."""
    if isinstance(change, IndexAdded):
        return change.concurrently
    if isinstance(change, TableDropped):
        return False
    return isinstance(change, ColumnAltered) and change.drops_index and not change.changes_type


def _checked_by_django(change: Change) -> str:
    """The column whose foreign key Django checks itself, before it drops it."""
    if isinstance(change, ColumnDropped) and change.column.references:
        return change.column.name
    if isinstance(change, ColumnAltered) and change.old.references:
        return change.old.name
    return ""


def _finding(table: str, context: Context, what: str) -> Finding:
    immediate = code(sql("SET CONSTRAINTS ALL IMMEDIATE"))
    return rule.finding(
        context,
        f"Table {table} is {what} in the transaction that has written rows of it before, which PostgreSQL refuses: "
        "the foreign keys of these rows are not checked yet.",
        hint="Move the change of rows to a migration of its own, or check the foreign keys right after it:\n\n"
        + immediate,
        tables=[table],
    )
