"""
A field that is removed while an identical one is added is most likely a renaming, and loses every value.

## Why it matters

When makemigrations is not told that a field was renamed, it writes RemoveField and AddField. The database then drops the old column with
all its values and adds an empty one.

## Instead of

    operations = [
        migrations.RemoveField(model_name="order", name="note"),
        migrations.AddField(model_name="order", name="remark", field=models.TextField(null=True)),
    ]

## Use

Rename in Python and let the column keep its name; neither operation touches the database:

    operations = [
        migrations.AlterField(model_name="order", name="note", field=models.TextField(db_column="note", null=True)),
        migrations.RenameField(model_name="order", old_name="note", new_name="remark"),
    ]

When the two fields have nothing to do with each other, remove the old one in a later release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from django.db.migrations import operations

from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    ColumnAdded,
    ColumnDropped,
    StatementsRun,
    Unrecognised,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.recipes import renamed_in_python
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.analysis.schema import Column
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, destroys=True)

#: What a field says that has nothing to do with its values.
_NAMING = {"verbose_name", "help_text", "related_name", "related_query_name", "db_column"}


@rule.change(ColumnAdded)
def check_added(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """Removed first, as makemigrations writes it."""
    dropped = _partner(change, ColumnDropped, context)
    if dropped is not None:
        yield _finding(dropped.column, change.column, context)


@rule.change(ColumnDropped)
def check_dropped(change: ColumnDropped, context: Context) -> Iterator[Finding]:
    """Added first; not when code or SQL in between can have copied the values."""
    added = _partner(change, ColumnAdded, context)
    if added is not None:
        yield _finding(change.column, added.column, context)


def _partner(change: Any, kind: type[Change], context: Context) -> Any:
    """The only identical column that the plan has added or dropped before, with nothing in between that could copy."""
    found = []
    for earlier in reversed(context.plan_changes):
        if isinstance(earlier, CodeRun | StatementsRun | Unrecognised):
            break
        other: Any = earlier
        if isinstance(earlier, kind) and _is_same(other.column, change.column):
            found.append(other)
    return found[0] if len(found) == 1 else None


def _is_same(one: Column, other: Column) -> bool:
    if one.field_name == other.field_name or one.generated or one.primary_key:
        return False
    renamed = dataclasses.replace(one, name=other.name, field_name=other.field_name, check="")
    return renamed == dataclasses.replace(other, check="") and _meaning(one) == _meaning(other)


def _meaning(column: Column) -> tuple[Any, ...]:
    _, path, arguments, keywords = column.field.deconstruct()
    kept = {key: value for key, value in keywords.items() if key not in _NAMING}
    # The one-off default that makemigrations asked for is none of the field's.
    kept.pop("default", None)
    return path, arguments, kept


def _finding(old: Column, new: Column, context: Context) -> Finding:
    model = _model_name(context)
    recipe = renamed_in_python(model, old.field_name, new.field_name, old.field, old.name)
    return rule.finding(
        context,
        f"Column {old.name} of {old.table} is dropped and the identical column {new.name} added empty: if this is a renaming, "
        f"every value{context.filled(old.table, old.name)} is lost.",
        hint=f"Rename it; these operations do not touch the database:\n\n{recipe}",
        tables=[old.table],
    )


def _model_name(context: Context) -> str:
    operation = context.operation
    if isinstance(operation, operations.AddField | operations.RemoveField):
        return operation.model_name
    return "..."
