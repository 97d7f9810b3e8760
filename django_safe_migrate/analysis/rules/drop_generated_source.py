"""
Dropping a column that a generated column is computed from fails, or takes the generated column with it; so it is with its type.

## Why it matters

The database computes a `GeneratedField` from other columns of the row. SQLite, MariaDB and MySQL refuse to drop one of these, and so
does PostgreSQL from Django 6.1 on; up to Django 6.0 PostgreSQL is told to drop with CASCADE, and drops the generated column too,
without a word. PostgreSQL also refuses to change the type of such a column. Renaming it is no problem: the expression follows.

## Instead of

    operations = [
        migrations.RemoveField(model_name="order", name="net"),   # gross is GeneratedField(expression=F("net") * 2, ...)
    ]

## Use

Remove the generated field first, and add it again afterwards if it is still wanted:

    operations = [
        migrations.RemoveField(model_name="order", name="gross"),
        migrations.RemoveField(model_name="order", name="net"),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations import operations
from django.db.models import F, Q
from django.db.models.constants import LOOKUP_SEP

from django_safe_migrate.analysis.changes import ColumnAltered, ColumnDropped
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.schema import Column
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, about_rows=False, destroys=True)

#: Vendors that refuse to change the type of such a column; the others compute the values again.
_KEEP_TYPE = {"postgresql"}


@rule.change(ColumnDropped)
def check_dropped(change: ColumnDropped, context: Context) -> Iterator[Finding]:
    """The generated columns that the table has at this moment."""
    for name in _generated_from(change.column, context):
        yield rule.finding(
            context,
            f"Dropping column {change.column.name} of {change.table} fails or drops the generated column {name} with it, which is "
            "computed from it.",
            hint=_hint(name, change.column, context),
            tables=[change.table],
        )


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """Only a type that differs for the database."""
    if context.vendor not in _KEEP_TYPE or not change.changes_type:
        return
    for name in _generated_from(change.old, context):
        yield rule.finding(
            context,
            f"Changing the type of column {change.new.name} of {change.table} fails, because the generated column {name} is computed "
            "from it.",
            hint=_hint(name, change.old, context),
            tables=[change.table],
        )


def _generated_from(column: Column, context: Context) -> Iterator[str]:
    """The fields of the column's model that are computed from it."""
    model = context.tables.model(column.table)
    fields: dict[str, Any] = {} if model is None else model.fields
    for name, field in fields.items():
        if field.generated and column.field_name in set(_names(field.expression)):
            yield name


def _names(expression: Any) -> Iterator[str]:
    """The fields that an expression mentions."""
    if isinstance(expression, F):
        yield vars(expression)["name"].split(LOOKUP_SEP)[0]
    elif isinstance(expression, str):  # the left side of a condition, or a function's argument
        yield expression.split(LOOKUP_SEP)[0]
    elif isinstance(expression, Q):
        for child in expression.children:
            for part in child if isinstance(child, tuple) else (child,):
                yield from _names(part)
    for source in getattr(expression, "get_source_expressions", list)():
        yield from _names(source)
    condition = getattr(expression, "condition", None)
    if isinstance(condition, Q):  # of a When, which resolves it only later
        yield from _names(condition)


def _hint(name: str, column: Column, context: Context) -> str:
    model = getattr(context.operation, "model_name", "...")
    removal = code(operations.RemoveField(model, name))
    return (
        f"Remove the generated field before:\n\n{removal}\n\nAdd it again afterwards, if it is still wanted, with an expression that "
        f"does without {column.name} or fits its new type."
    )
