"""
Renaming a column breaks the release that still runs, which uses the old name.

## Why it matters

Django names every column of a model in each SELECT and INSERT. From the moment of the renaming until the last old process is replaced,
every query of the old release on the table fails; after a rollback of the release, every query of the new one does.

## Instead of

    operations = [
        migrations.RenameField(model_name="order", old_name="note", new_name="remark"),
    ]

## Use

Rename in Python and let the column keep its name; neither operation touches the database:

    operations = [
        migrations.AlterField(model_name="order", name="note", field=models.TextField(db_column="note")),
        migrations.RenameField(model_name="order", old_name="note", new_name="remark"),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis.changes import ColumnRenamed
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR)


@rule.change(ColumnRenamed)
def check(change: ColumnRenamed, context: Context) -> Iterator[Finding]:
    """Also when `db_column` changes, or the model that a column of a many-to-many table is named after."""
    old, new = change.old_name, change.new_name
    yield rule.finding(
        context,
        f"Renaming column {old} of {change.table} to {new} breaks the release that still runs, which uses the old name.",
        hint=_hint(change, context),
        tables=[change.table],
    )


def _hint(change: ColumnRenamed, context: Context) -> str:
    operation = context.operation
    if isinstance(operation, operations.RenameModel):
        return (
            "Keep the model's name: Django names the columns of its many-to-many tables after it."
        )
    if not isinstance(operation, operations.RenameField):
        return f"Keep the column's name: db_column={change.old_name!r}."
    field = (
        context.before.models[context.app_label, operation.model_name_lower]
        .fields[operation.old_name]
        .clone()
    )
    field.db_column = change.old_name
    pinned = operations.AlterField(operation.model_name, operation.old_name, field)
    return f"Rename in Python and keep the column's name; neither operation touches the database:\n\n{code(pinned)}\n{code(operation)}"
