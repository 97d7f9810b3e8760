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

from django.db.migrations import operations

from django_safe_migrate.analysis.changes import ColumnDropped
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.recipes import GOING_BACK, in_state_only, nullable
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.ERROR, directions=BOTH, destroys=True, breaks_running_code=True
)


@rule.change(ColumnDropped)
def check(change: ColumnDropped, context: Context) -> Iterator[Finding]:
    """Generated columns hold nothing that is not computed again, but old code selects them too."""
    column = change.column
    # Added by the same plan: no release knows it, and nobody has filled it.
    if context.is_new_column(change.table, column.name):
        return
    if context.backwards:
        yield from _going_back(change, context)
        return
    filled = context.filled(change.table, column.name)
    harm = f"deletes its values{filled}, and the release that still runs selects it until it is replaced"
    if column.generated:
        harm = "breaks the release that still runs, which selects it until it is replaced"
    yield rule.finding(
        context,
        f"Dropping column {column.name} of {change.table} {harm}.",
        hint=_hint(change, context),
        tables=[change.table],
        severity=Severity.WARNING if column.generated else None,
    )


def _going_back(change: ColumnDropped, context: Context) -> Iterator[Finding]:
    """Of a column with values, `reverse_loses_data` says what is worse."""
    if change.column.generated:
        yield rule.finding(
            context,
            f"Undoing {context.planned.label} drops column {change.column.name} of {change.table}, and the newer release selects it "
            "until it is replaced.",
            hint=GOING_BACK,
            tables=[change.table],
            severity=Severity.WARNING,
        )


def _hint(change: ColumnDropped, context: Context) -> str:
    column, operation = change.column, context.operation
    first = ""
    if column.must_be_given and isinstance(operation, operations.RemoveField):
        recipe = nullable(operation.model_name, column.field_name, column.field)
        first = (
            "First make it nullable or give it a db_default, for new code no longer fills it:\n\n"
            f"{recipe}\n\n"
        )
    return (
        f"{first}In this release stop using the column and keep it:\n\n{in_state_only(operation)}\n\n"
        "Drop it in the next release; if no running release uses it any more, say so: "
        f'safe_migrate_allow = {{"{rule.name}": "..."}}'
    )
