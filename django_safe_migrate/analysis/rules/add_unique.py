"""
A unique constraint on existing data fails on the first duplicate, and on PostgreSQL blocks the table while its index is built.

## Why it matters

Rows that are there already may hold the same value twice: then the migration fails. PostgreSQL builds the index behind the constraint
under an ACCESS EXCLUSIVE lock, which blocks reads and writes; behind a constraint with a condition, under a SHARE lock, which
blocks writes. MariaDB and MySQL build it while others read and write.

## Instead of

    migrations.AddConstraint(
        model_name="order", constraint=models.UniqueConstraint(fields=["number"], name="order_number_unique")
    ),

## Use

Look for duplicates first. On PostgreSQL, build the index without blocking, in a migration with `atomic = False`, and tell Django
afterwards:

    migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                'CREATE UNIQUE INDEX CONCURRENTLY order_number_unique ON shop_order (number)',
                'DROP INDEX CONCURRENTLY order_number_unique',
            ),
            migrations.RunSQL(
                'ALTER TABLE shop_order ADD CONSTRAINT order_number_unique UNIQUE USING INDEX order_number_unique',
                migrations.RunSQL.noop,
            ),
        ],
        state_operations=[migrations.AddConstraint(...)],
    ),
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import UniqueConstraint

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import (
    ColumnAdded,
    ColumnAltered,
    ConstraintAdded,
    UniqueAdded,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rewriting import has_volatile_default
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH)


@rule.change(UniqueAdded)
def check_together(change: UniqueAdded, context: Context) -> Iterator[Finding]:
    """`unique_together`, or undoing its removal."""
    yield _finding(change.table, f"columns {', '.join(change.columns)}", context)


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """`unique=True` on an existing column; also a ForeignKey that becomes a OneToOneField."""
    if change.adds_unique:
        yield _finding(change.table, f"column {change.new.name}", context)


@rule.change(ColumnAdded)
def check_added(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """Existing rows all get the same value, unless it is NULL, which is different from itself."""
    column = change.column
    if not column.unique:
        return
    constant = column.has_db_default and not has_volatile_default(column)
    if constant or (column.has_python_default and not column.has_db_default):
        yield rule.finding(
            context,
            f"Column {column.name} is added to {change.table} as unique, and existing rows all get the same default, so that a second "
            "row makes it fail.",
            hint="Add it nullable and not unique, fill it row by row, and make it unique in a later migration.",
            tables=[change.table],
        )
    elif column.null and context.vendor in locks.UNIQUE:
        yield rule.finding(
            context,
            f"The unique index on the new column {column.name} of {change.table} is built under {locks.UNIQUE[context.vendor]}.",
            hint="Add the column without unique=True, build the unique index CONCURRENTLY, and then make the field unique.",
            tables=[change.table],
        )


@rule.change(ConstraintAdded)
def check_constraint(change: ConstraintAdded, context: Context) -> Iterator[Finding]:
    """A UniqueConstraint; with a condition or expressions it is an index."""
    constraint: Any = change.constraint
    if isinstance(change.constraint, UniqueConstraint):
        index = (
            constraint.condition,
            constraint.expressions,
            constraint.include,
            constraint.opclasses,
        )
        yield _finding(change.table, f"constraint {constraint.name}", context, is_index=any(index))


def _finding(table: str, what: str, context: Context, *, is_index: bool = False) -> Finding:
    lock = (locks.INDEX if is_index else locks.UNIQUE).get(context.vendor)
    built = f", and its index is built under {lock}" if lock else ""
    return rule.finding(
        context,
        f"Making {what} of {table} unique fails on the first duplicate among existing rows{built}.",
        hint=_BLOCKING_HINT
        if lock
        else "Look for duplicates before: SELECT ... GROUP BY ... HAVING count(*) > 1.",
        tables=[table],
        severity=Severity.ERROR if lock else Severity.WARNING,
    )


_BLOCKING_HINT = (
    "Look for duplicates first; then, in a migration with atomic = False, CREATE UNIQUE INDEX CONCURRENTLY and ALTER TABLE ... "
    "ADD CONSTRAINT ... UNIQUE USING INDEX, as database_operations of a SeparateDatabaseAndState."
)
