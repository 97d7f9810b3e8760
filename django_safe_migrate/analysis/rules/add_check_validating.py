"""
A CHECK constraint that is checked at once works through the whole table under a lock that blocks others.

## Why it matters

PostgreSQL reads every row under an ACCESS EXCLUSIVE lock: reads and writes wait until it has finished. A row that does not satisfy the
condition makes it fail. `PositiveIntegerField` and its kin come with such a constraint, also on a new column that is NULL in every row.
MariaDB and MySQL copy the table, with LOCK=SHARED, which blocks writes; MariaDB adds a new column with its CHECK without a copy.

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

MariaDB and MySQL have no NOT VALID: gh-ost and pt-online-schema-change add the constraint while others write.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations
from django.db.models import CheckConstraint

from django_safe_migrate.analysis.changes import (
    Change,
    ColumnAdded,
    ColumnAltered,
    ConstraintAdded,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.work import blocking_part
from django_safe_migrate.databases.facts import Facts
from django_safe_migrate.databases.statements import (
    Action,
    AddColumn,
    AddConstraint,
    ConstraintKind,
    ModifyColumn,
)
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__,
    severity=Severity.ERROR,
    vendors={"postgresql", "mysql"},
    directions=BOTH,
    about_time=True,
)

_FAILS = "and fails on a row that does not satisfy it"
_BY_A_TOOL = (
    "The server can only add it by a copy: make the change with gh-ost or pt-online-schema-change, which let others write, or at a "
    "time when few use the table."
)


@rule.change(ConstraintAdded)
def check_constraint(change: ConstraintAdded, context: Context) -> Iterator[Finding]:
    """AddConstraintNotValid leaves existing rows for later."""
    if not isinstance(change.constraint, CheckConstraint):
        return
    if facts := blocking_part(change, context, _is_check):
        yield rule.finding(
            context,
            f"Adding constraint {change.constraint.name} to {change.table} {_work(facts, change)}, {_FAILS}.",
            hint=_BY_A_TOOL if _is_copy(facts) else _hint(change, context),
            tables=[change.table],
        )


@rule.change(ColumnAdded)
def check_added(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """PostgreSQL and MySQL do not take into account that a new column satisfies the CHECK in every row."""
    if facts := blocking_part(change, context, _is_check):
        yield rule.finding(
            context,
            f"The CHECK that comes with the new column {change.column.name} of {change.table} {_work(facts, change)}.",
            hint=f"Use a field without one (IntegerField). {_BY_A_TOOL}"
            if _is_copy(facts)
            else "Use a field without one (IntegerField), and add a CheckConstraint with AddConstraintNotValid and ValidateConstraint.",
            tables=[change.table],
        )


@rule.change(ColumnAltered)
def check_altered(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """IntegerField to PositiveIntegerField."""
    if not change.adds_check:
        return
    if facts := blocking_part(change, context, _is_check):
        yield rule.finding(
            context,
            f"The CHECK that column {change.new.name} of {change.table} gets {_work(facts, change)}, {_FAILS}.",
            hint=f"Leave the field as it is. {_BY_A_TOOL}"
            if _is_copy(facts)
            else "Leave the field as it is, and add a CheckConstraint with AddConstraintNotValid and ValidateConstraint.",
            tables=[change.table],
        )


def _is_check(action: Action) -> bool:
    if isinstance(action, AddColumn):
        return action.column.check
    if isinstance(action, ModifyColumn):
        return action.new.check
    is_check = isinstance(action, AddConstraint) and action.kind is ConstraintKind.CHECK
    return is_check and not getattr(action, "not_valid", False)


def _is_copy(facts: Facts) -> bool:
    return facts.algorithm == "COPY"


def _work(facts: Facts, change: Change) -> str:
    lock = facts.lock_on(change.table)
    sentence = lock.sentence if lock else ""
    if _is_copy(facts):
        return f"copies the table with {sentence}"
    return f"reads the whole table under {sentence}"


def _hint(change: ConstraintAdded, context: Context) -> str:
    operation = context.operation
    if not isinstance(operation, operations.AddConstraint):
        return "Empty the table first, or go back by restoring a backup."
    return (
        "Two migrations (from django.contrib.postgres.operations):\n\n"
        f"{code(operation, name='AddConstraintNotValid')}\n\n"
        f"ValidateConstraint(model_name={operation.model_name!r}, name={change.constraint.name!r}),"
    )
