"""
Renaming a column breaks the release that still runs, which uses the old name.

## Why it matters

Django names every column of a model in each SELECT and INSERT. From the moment of the renaming until the last old process is replaced,
every query of the old release on the table fails; after a rollback of the release, every query of the new one does. Undoing it breaks
the newer release in the same way, until it is replaced by the older one.

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

from django_safe_migrate.analysis.changes import ColumnAdded, ColumnRenamed
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.recipes import GOING_BACK, renamed_in_python
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, breaks_running_code=True)


@rule.change(ColumnRenamed)
def check(change: ColumnRenamed, context: Context) -> Iterator[Finding]:
    """Also when `db_column` changes, or the model that a column of a many-to-many table is named after."""
    old, new = change.old_name, change.new_name
    if _is_unknown(change, context):
        return
    renaming = f"enaming column {old} of {change.table} to {new}"
    if context.backwards:
        yield rule.finding(
            context,
            f"Undoing {context.planned.label} means r{renaming}, which breaks the newer release until it is replaced.",
            hint=GOING_BACK,
            tables=[change.table],
            # What has happened can only be undone so, and the older release needs it.
            severity=Severity.WARNING,
        )
        return
    yield rule.finding(
        context,
        f"R{renaming} breaks the release that still runs, which uses the old name.",
        hint=_hint(change, context),
        tables=[change.table],
    )


def _is_unknown(change: ColumnRenamed, context: Context) -> bool:
    """Whether the same plan has given the column its old name, so that no release knows it."""
    return any(
        (isinstance(one, ColumnAdded) and one.column.name == change.old_name)
        or (isinstance(one, ColumnRenamed) and one.new_name == change.old_name)
        for one in context.plan_changes
        if getattr(one, "table", "") == change.table
    )


def _hint(change: ColumnRenamed, context: Context) -> str:
    operation = context.operation
    if isinstance(operation, operations.RenameModel):
        return (
            "Keep the model's name: Django names the columns of its many-to-many tables after it."
        )
    if not isinstance(operation, operations.RenameField):
        return f"Keep the column's name: db_column={change.old_name!r}."
    field = context.before.models[context.app_label, operation.model_name_lower].fields[
        operation.old_name
    ]
    recipe = renamed_in_python(
        operation.model_name, operation.old_name, operation.new_name, field, change.old_name
    )
    return f"Rename in Python and keep the column's name; neither operation touches the database:\n\n{recipe}"
