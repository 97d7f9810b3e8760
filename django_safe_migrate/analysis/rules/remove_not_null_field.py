"""
A NOT NULL column that the code no longer knows makes every INSERT of the new release fail.

## Why it matters

Removing a field from the state only keeps its column, which is right as the first of two steps. But new code no longer fills it: as
long as the column is NOT NULL and the database has no default for it, no row can be inserted.

## Instead of

    migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField(model_name="order", name="note")],
    ),

## Use

    migrations.AlterField(model_name="order", name="note", field=models.TextField(null=True)),
    migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField(model_name="order", name="note")],
    ),
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.analysis.schema import Column
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR)


@rule.operation(operations.SeparateDatabaseAndState)
def check(operation: operations.SeparateDatabaseAndState, context: Context) -> Iterator[Finding]:
    """Fields that leave the state while nothing happens to their table."""
    if operation.database_operations:
        return
    for removal in operation.state_operations:
        if not isinstance(removal, operations.RemoveField) or _is_deleted(removal, context):
            continue
        column = _column(removal, context)
        if column is not None and column.must_be_given:
            yield rule.finding(
                context,
                f"Column {column.name} of {column.table} stays NOT NULL without a default in the database, so that INSERTs of the new "
                "release, which does not know it, fail.",
                hint=_hint(column, removal),
                tables=[column.table],
            )


def _is_deleted(removal: operations.RemoveField, context: Context) -> bool:
    """Whether the whole model leaves the state, most likely for another app: then the new release does not write the table so."""
    return any(
        isinstance(one, operations.DeleteModel) and one.name_lower == removal.model_name_lower
        for planned in context.planned.operations
        if isinstance(planned.operation, operations.SeparateDatabaseAndState)
        for one in planned.operation.state_operations
    )


def _column(removal: operations.RemoveField, context: Context) -> Column | None:
    model = context.schema.model(context.before, context.app_label, removal.model_name)
    if model is None or removal.name not in model.fields:
        return None
    return context.schema.column(context.before, model, removal.name, model.fields[removal.name])


def _hint(column: Column, removal: operations.RemoveField) -> str:
    field = column.field.clone()
    field.null = True
    return f"Make it nullable first:\n\n{code(operations.AlterField(removal.model_name, removal.name, field))}"
