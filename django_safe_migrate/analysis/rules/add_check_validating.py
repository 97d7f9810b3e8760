"""
A CHECK constraint that is checked at once reads the whole table under a lock that blocks everyone.

## Why it matters

PostgreSQL reads every row under an ACCESS EXCLUSIVE lock: reads and writes wait until it has finished. A row that does not satisfy the
condition makes it fail. `PositiveIntegerField` and its kin come with such a constraint, also on a new column that is NULL in every row.

## Instead of

    migrations.AddConstraint(
        model_name="order", constraint=models.CheckConstraint(condition=models.Q(total__gte=0), name="order_total_positive")
    ),

## Use

Two migrations:

    from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint

    AddConstraintNotValid(
        model_name="order", constraint=models.CheckConstraint(condition=models.Q(total__gte=0), name="order_total_positive")
    ),

    ValidateConstraint(model_name="order", name="order_total_positive"),
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations
from django.db.models import CheckConstraint

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAdded, ColumnAltered, ConstraintAdded
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.ERROR, vendors={"postgresql"}, directions=BOTH, about_time=True
)


@rule.change(ConstraintAdded)
def check_constraint(change: ConstraintAdded, context: Context) -> Iterator[Finding]:
    """AddConstraintNotValid leaves existing rows for later."""
    if isinstance(change.constraint, CheckConstraint) and not change.not_valid:
        yield rule.finding(
            context,
            f"Adding constraint {change.constraint.name} to {change.table} reads the whole table under {locks.ACCESS_EXCLUSIVE}, "
            "and fails on a row that does not satisfy it.",
            hint=_hint(change, context),
            tables=[change.table],
        )


@rule.change(ColumnAdded)
def check_added(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """PostgreSQL does not take into account that a new column satisfies the CHECK in every row."""
    if change.column.check:
        yield rule.finding(
            context,
            f"The CHECK that comes with the new column {change.column.name} of {change.table} reads the whole table under "
            f"{locks.ACCESS_EXCLUSIVE}.",
            hint="Use a field without one (IntegerField), and add a CheckConstraint with AddConstraintNotValid and ValidateConstraint.",
            tables=[change.table],
        )


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """IntegerField to PositiveIntegerField."""
    if change.adds_check:
        yield rule.finding(
            context,
            f"The CHECK that column {change.new.name} of {change.table} gets reads the whole table under {locks.ACCESS_EXCLUSIVE}, "
            "and fails on a row that does not satisfy it.",
            hint="Leave the field as it is, and add a CheckConstraint with AddConstraintNotValid and ValidateConstraint.",
            tables=[change.table],
        )


def _hint(change: ConstraintAdded, context: Context) -> str:
    operation = context.operation
    if not isinstance(operation, operations.AddConstraint):
        return "Empty the table first, or go back by restoring a backup."
    return (
        "Two migrations (from django.contrib.postgres.operations):\n\n"
        f"{code(operation, name='AddConstraintNotValid')}\n\n"
        f"ValidateConstraint(model_name={operation.model_name!r}, name={change.constraint.name!r}),"
    )
