"""
An exclusion constraint reads the whole table and builds its index while nobody can read or write.

## Why it matters

PostgreSQL compares every row with every other under an ACCESS EXCLUSIVE lock, and the first two rows that conflict make it fail. It has
no way to do so online: an exclusion constraint can be neither NOT VALID nor made of an index that was built CONCURRENTLY.

## Instead of

    migrations.AddConstraint(
        model_name="booking",
        constraint=ExclusionConstraint(name="no_overlap", expressions=[("period", RangeOperators.OVERLAPS)]),
    ),

## Use

The same operation in a migration of its own, in a maintenance window. Where that is not possible, a new table that has the
constraint from the start, written by the new release and filled in batches.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ConstraintAdded
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.analysis.work import is_exclusion
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__, severity=Severity.ERROR, vendors={"postgresql"}, directions=BOTH, about_time=True
)


@rule.change(ConstraintAdded)
def check(change: ConstraintAdded, context: Context) -> Iterator[Finding]:
    """Whatever its condition leaves out, every row is read."""
    if is_exclusion(change.constraint):
        yield rule.finding(
            context,
            f"Adding exclusion constraint {change.constraint.name} to {change.table} reads the whole table and builds an index under "
            f"{locks.ACCESS_EXCLUSIVE}, and fails on two rows that conflict.",
            hint="There is no way to do this online: run it in a migration of its own in a maintenance window, and look for rows that "
            f'conflict before. Then say so: safe_migrate_allow = {{"{rule.name}": "..."}}',
            tables=[change.table],
        )
