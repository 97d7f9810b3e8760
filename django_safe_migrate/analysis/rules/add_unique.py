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
from django_safe_migrate.analysis.changes import ColumnAdded, ColumnAltered, ConstraintAdded, UniqueAdded
from django_safe_migrate.analysis.context import Context
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
    """A new column whose rows all get the same value; NULL is different from itself."""
    column = change.column
    if column.unique and not column.null:
        yield rule.finding(
            context,
            f"Column {column.name} of {change.table} is added unique, and existing rows all get the same default, "
            "so that a second row makes it fail.",
            hint="Add it nullable and not unique, fill it row by row, and make it unique in a later migration.",
            tables=[change.table],
        )


@rule.change(ConstraintAdded)
def check_constraint(change: ConstraintAdded, context: Context) -> Iterator[Finding]:
    """A UniqueConstraint; with a condition or expressions it is an index."""
    constraint: Any = change.constraint
    if isinstance(constraint, UniqueConstraint):
        is_index = bool(constraint.condition or constraint.expressions or constraint.include or constraint.opclasses)
        yield _finding(change.table, f"constraint {constraint.name}", context, is_index=is_index)


def _finding(table: str, what: str, context: Context, *, is_index: bool = False) -> Finding:
    blocks = context.vendor == "postgresql"
    lock = locks.SHARE if is_index else locks.ACCESS_EXCLUSIVE
    built = f", and its index is built under {lock}" if blocks else ""
    return rule.finding(
        context,
        f"Making {what} of {table} unique fails on the first duplicate among existing rows{built}.",
        hint=_POSTGRESQL_HINT if blocks else "Look for duplicates before: SELECT ... GROUP BY ... HAVING count(*) > 1.",
        tables=[table],
        severity=Severity.ERROR if blocks else Severity.WARNING,
    )


_POSTGRESQL_HINT = (
    "Look for duplicates first; then, in a migration with atomic = False, CREATE UNIQUE INDEX CONCURRENTLY and ALTER TABLE ... "
    "ADD CONSTRAINT ... UNIQUE USING INDEX, as database_operations of a SeparateDatabaseAndState."
)
