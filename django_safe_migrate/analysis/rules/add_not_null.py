"""
A NOT NULL column that the database does not fill by itself breaks the INSERTs of the release that still runs.

## Why it matters

Django gives a field's `default` to existing rows and then drops it from the database again. An INSERT of the old release does not name
the new column, and fails until the last old process is replaced. Without any default the statement itself fails as soon as the table
has a row.

## Instead of

    migrations.AddField(model_name="order", name="priority", field=models.IntegerField(default=0)),

## Use

    migrations.AddField(model_name="order", name="priority", field=models.IntegerField(db_default=0)),

or add it with `null=True`, fill it, and make it NOT NULL in a later release.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations import operations

from django_safe_migrate.analysis.changes import ColumnAdded, ColumnDropped, ColumnRenamed
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.schema import Column
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, breaks_running_code=True)


@rule.change(ColumnAdded)
def check(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """Going backwards, only what fails: the release that comes back knows the column."""
    column = change.column
    if not column.must_be_given:
        return
    if column.needs_empty_table:
        message = f"Adding column {column.name} to {change.table} fails as soon as the table has a row: it is NOT NULL and has no default."
        yield rule.finding(context, message, hint=_hint(column, context), tables=[change.table])
    elif not (context.backwards or _is_known_by_name(change, context)):
        message = (
            f"Column {column.name} of {change.table} is NOT NULL without a default in the database, so that INSERTs of the release "
            "that still runs fail until it is replaced."
        )
        yield rule.finding(context, message, hint=_hint(column, context), tables=[change.table])


def _is_known_by_name(change: ColumnAdded, context: Context) -> bool:
    """Whether the release that still runs names the column: it knows one of this name, which this migration has dropped or renamed."""
    return any(
        (isinstance(one, ColumnDropped) and one.column.name == change.column.name)
        or (isinstance(one, ColumnRenamed) and one.old_name == change.column.name)
        for one in context.changes
        if one.table == change.table
    )


def _hint(column: Column, context: Context) -> str:
    operation: Any = context.operation
    if context.backwards:
        return "Empty the table first, or go back by restoring a backup."
    if not isinstance(operation, operations.AddField):
        return "Add the column nullable, fill it, and make it NOT NULL in a later release."
    field: Any = operation.field.clone()
    constant = _constant(operation.field)
    if constant is not None:
        field.db_default = constant
        added = code(operations.AddField(operation.model_name, operation.name, field))
        return f"Let the database fill it:\n\n{added}"
    field.null = True
    added = code(operations.AddField(operation.model_name, operation.name, field))
    return f"Add it nullable, fill it, and make it NOT NULL in a later release:\n\n{added}"


def _constant(field: Any) -> Any:
    """What Django gives to every existing row, when that can be a default of the database, else None."""
    if field.has_default():
        return None if callable(field.default) or field.remote_field is not None else field.default
    return (
        ""
        if field.blank and field.get_internal_type() in {"CharField", "TextField", "SlugField"}
        else None
    )
