"""
Renaming a table breaks the release that still runs, which uses the old name.

## Why it matters

From the moment of the renaming until the last old process is replaced, every query of the old release on the table fails. `RenameModel`
also renames the tables of the model's many-to-many fields. Undoing it breaks the newer release in the same way.

## Instead of

    operations = [
        migrations.RenameModel(old_name="Order", new_name="Purchase"),
    ]

## Use

Rename in Python and let the table keep its name (`db_table` in the model's `Meta`):

    operations = [
        migrations.AlterModelTable(name="Order", table="shop_order"),
        migrations.RenameModel(old_name="Order", new_name="Purchase"),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis.changes import TableRenamed
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.recipes import GOING_BACK
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import table_name

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, breaks_running_code=True)


@rule.change(TableRenamed)
def check(change: TableRenamed, context: Context) -> Iterator[Finding]:
    """By RenameModel, AlterModelTable, or RenameField of a many-to-many field."""
    old, new = change.table, change.new_table
    if context.backwards:
        yield rule.finding(
            context,
            f"Undoing {context.planned.label} means renaming table {old} to {new}, which breaks the newer release until it is replaced.",
            hint=GOING_BACK,
            tables=[old],
            # What has happened can only be undone so, and the older release needs it.
            severity=Severity.WARNING,
        )
        return
    yield rule.finding(
        context,
        f"Renaming table {old} to {new} breaks the release that still runs, which uses the old name.",
        hint=_hint(change, context),
        tables=[old],
    )


def _hint(change: TableRenamed, context: Context) -> str:
    operation = context.operation
    if not isinstance(operation, operations.RenameModel):
        return f"Keep the table's name: db_table = {change.table!r}."
    table = table_name(context.before.models[context.app_label, operation.old_name_lower])
    pinned = operations.AlterModelTable(operation.old_name, table)
    return f"Rename in Python and keep the table's name (db_table = {table!r} in Meta):\n\n{code(pinned)}\n{code(operation)}"
