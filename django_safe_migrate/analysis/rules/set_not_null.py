"""
Making a column NOT NULL reads the whole table under a lock that blocks everyone.

## Why it matters

PostgreSQL checks every row while it holds an ACCESS EXCLUSIVE lock: reads and writes wait until it has finished. A row that holds NULL
makes it fail. INSERTs of the release that still runs fail when they leave the column empty. A validated CHECK constraint that says the
same spares PostgreSQL the reading.

## Instead of

    migrations.AlterField(model_name="order", name="note", field=models.TextField()),

## Use

One migration that adds the constraint without looking at existing rows:

    AddConstraintNotValid(
        model_name="order",
        constraint=models.CheckConstraint(condition=models.Q(note__isnull=False), name="order_note_not_null"),
    ),

a second one that checks them while others read and write:

    ValidateConstraint(model_name="order", name="order_note_not_null"),

and a third one with the `AlterField`, which now finds nothing to read, and `RemoveConstraint`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import CheckConstraint, Q

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAltered
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.tables import table_name

rule = Rule(
    __name__, severity=Severity.ERROR, vendors={"postgresql"}, directions=BOTH, about_time=True
)


@rule.change(ColumnAltered)
def check(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """A primary key is checked by its own constraint."""
    if not change.sets_not_null or change.new.primary_key or _is_proven(change, context):
        return
    fails = (
        ""
        if change.new.has_python_default or change.new.has_db_default
        else ", and fails on a row that holds NULL"
    )
    yield rule.finding(
        context,
        f"Making column {change.new.name} of {change.table} NOT NULL reads the whole table under {locks.ACCESS_EXCLUSIVE}{fails}.",
        hint=_hint(change, context),
        tables=[change.table],
    )


def _is_proven(change: ColumnAltered, context: Context) -> bool:
    """Whether a validated CHECK says already that no row holds NULL."""
    model: Any = next(
        (m for m in context.before.models.values() if table_name(m) == change.table), None
    )
    wanted = Q(**{f"{change.old.field_name}__isnull": False})
    return model is not None and any(
        isinstance(constraint, CheckConstraint)
        and constraint.condition == wanted
        and context.is_validated(change.table, constraint.name)
        for constraint in model.options.get("constraints") or ()
    )


def _hint(change: ColumnAltered, context: Context) -> str:
    model, field = getattr(context.operation, "model_name", ""), change.new.field_name
    name = f"{change.new.name}_not_null"
    return (
        "Prove it first without blocking, in two migrations before this one (from django.contrib.postgres.operations):\n\n"
        f"AddConstraintNotValid(\n    model_name={model!r},\n    constraint=models.CheckConstraint("
        f"condition=models.Q({field}__isnull=False), name={name!r}),\n),\n\n"
        f"ValidateConstraint(model_name={model!r}, name={name!r}),"
    )
