"""
Django copies the whole table to make this change on SQLite.

## Why it matters

SQLite can alter little about a table. Django makes a new one, copies every row, drops the old one and renames; nobody else can write to
the database meanwhile, and the disk needs room for both. Triggers made by hand are lost.

## Instead of

    migrations.AddField(model_name="order", name="note", field=models.TextField(default="")),

## Use

A column with `null=True` and no default, or with `db_default=Value("")`, is added without a copy. For a small table there is nothing
to do.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import (
    ColumnAdded,
    ColumnAltered,
    ColumnDropped,
    ConstraintAdded,
    ConstraintDropped,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import RemakeTable
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.INFO, vendors={"sqlite"}, directions=BOTH)


@rule.change(ColumnAdded, ColumnAltered, ColumnDropped, ConstraintAdded, ConstraintDropped)
def check(
    change: ColumnAdded | ColumnAltered | ColumnDropped, context: Context
) -> Iterator[Finding]:
    """As Django's schema editor decides."""
    if any(isinstance(one, RemakeTable) for one in context.statements(change)):
        message = f"Django makes a new table, copies every row of {change.table} and renames it."
        yield rule.finding(
            context, message, hint="It needs disk space for a second copy.", tables=[change.table]
        )
