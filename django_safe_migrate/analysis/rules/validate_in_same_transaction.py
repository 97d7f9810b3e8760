"""
A constraint that is validated in the transaction that added it blocks as if it had been checked at once.

## Why it matters

Adding a constraint NOT VALID takes an ACCESS EXCLUSIVE lock (a foreign key a SHARE ROW EXCLUSIVE one) for an instant, and validating it later lets everyone read and write. In
one transaction the first lock is held until the end, hence while every row is read: nothing is gained.

## Instead of

    operations = [
        AddConstraintNotValid(model_name="order", constraint=models.CheckConstraint(...)),
        ValidateConstraint(model_name="order", name="order_total_positive"),
    ]

## Use

Two migrations, or `atomic = False`:

    operations = [
        AddConstraintNotValid(model_name="order", constraint=models.CheckConstraint(...)),
    ]

    operations = [
        ValidateConstraint(model_name="order", name="order_total_positive"),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import (
    Change,
    ConstraintValidated,
    StatementsRun,
    Unrecognised,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.held_locks import with_held_locks
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.databases.statements import AlterTable, ValidateConstraint
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.ERROR, vendors={"postgresql"}, directions=BOTH, about_time=True
)


@rule.change(ConstraintValidated)
def check(change: ConstraintValidated, context: Context) -> Iterator[Finding]:
    """After anything that locked the table, most likely AddConstraintNotValid."""
    alone = code(context.operation, name="ValidateConstraint")
    yield from _findings(change.table, change.name, f":\n\n{alone}", context.held, context)


@rule.change(StatementsRun, Unrecognised)
def check_statements(change: Change, context: Context) -> Iterator[Finding]:
    """VALIDATE CONSTRAINT in hand-written SQL, after another operation or another statement of the same one."""
    for statement, held in with_held_locks(change, context):
        if not isinstance(statement, AlterTable):
            continue
        for action in statement.actions:
            if isinstance(action, ValidateConstraint):
                yield from _findings(statement.table, action.name, ".", held, context)


def _findings(
    table: str, name: str, alone: str, held: tuple[TableLock, ...], context: Context
) -> Iterator[Finding]:
    """``held`` is empty where the migration is not one transaction."""
    for lock in held:
        if lock.table == table and lock.blocking >= Blocking.WRITES:
            yield rule.finding(
                context,
                f"Validating constraint {name} reads all rows of {table} in the transaction that has altered the table before and holds "
                f"{lock.sentence}, until it ends.",
                hint=f"Validate it in a migration of its own{alone}",
                tables=[table],
            )
