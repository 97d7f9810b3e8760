"""
Dropping a column deletes its values, and the release that still runs fails until it is replaced.

## Why it matters

Django names every column of a model in each SELECT and INSERT. Between the migration and the last old process being replaced, each
query of the old release on this table fails. The values are gone for good: undoing the migration brings back an empty column.

## Instead of

    operations = [
        migrations.RemoveField(model_name="order", name="note"),
    ]

## Use

Two releases. The first one stops using the column and keeps it; a NOT NULL column needs `null=True` or a `db_default` first, for the
new code no longer fills it:

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="order", name="note")],
        ),
    ]

The second one, when no process of the old release is left, drops it:

    safe_migrate_allow = {"run_sql_destructive": "Unused since release 41."}
    operations = [
        migrations.RunSQL("ALTER TABLE shop_order DROP COLUMN note", migrations.RunSQL.noop),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import ColumnDropped
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, destroys=True)


@rule.change(ColumnDropped)
def check(change: ColumnDropped, context: Context) -> Iterator[Finding]:
    """Generated columns hold nothing that is not computed again, but old code selects them too."""
    column = change.column
    filled = context.filled(change.table, column.name)
    harm = f"deletes its values{filled}, and the release that still runs selects it until it is replaced"
    if column.generated:
        harm = "breaks the release that still runs, which selects it until it is replaced"
    yield rule.finding(
        context,
        f"Dropping column {column.name} of {change.table} {harm}.",
        hint=_hint(column.must_be_given, context),
        tables=[change.table],
        severity=Severity.WARNING if column.generated else None,
    )


def _hint(must_be_given: bool, context: Context) -> str:
    first = (
        "First make it nullable or give it a db_default, for new code no longer fills it. "
        if must_be_given
        else ""
    )
    separate = f"migrations.SeparateDatabaseAndState(\n    state_operations=[\n{code(context.operation, indent=8)}\n    ],\n)"
    return (
        f"{first}In this release stop using the column and keep it:\n\n{separate}\n\n"
        "Drop it in the next release; if no running release uses it any more, say so: "
        f'safe_migrate_allow = {{"{rule.name}": "..."}}'
    )
