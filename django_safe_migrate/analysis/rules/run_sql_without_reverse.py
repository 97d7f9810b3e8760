"""
A migration with RunSQL that has no reverse cannot be undone.

## Why it matters

Going back stops at this migration, so that neither it nor any migration after it can be undone except by restoring a backup.

## Instead of

    migrations.RunSQL("UPDATE shop_order SET state = 'new'"),

## Use

    migrations.RunSQL("UPDATE shop_order SET state = 'new'", migrations.RunSQL.noop),

or the SQL that takes back what the first one did.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations import operations

from django_safe_migrate.analysis.changes import StatementsRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.hints import code
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING)


@rule.change(StatementsRun)
def check(change: StatementsRun, context: Context) -> Iterator[Finding]:
    """Only where routers let it run."""
    if change.reverse_statements is None:
        yield rule.finding(
            context,
            f"RunSQL in {context.planned.label} has no reverse, so that neither it nor what comes after it can be undone.",
            hint=f"If there is nothing to take back, say so:\n\n{_with_noop(context)}",
        )


def _with_noop(context: Context) -> str:
    operation = context.operation
    if not isinstance(operation, operations.RunSQL):
        return "reverse_sql=migrations.RunSQL.noop"
    return code(
        operations.RunSQL(
            operation.sql,
            operations.RunSQL.noop,
            operation.state_operations,
            operation.hints,
            operation.elidable,
        )
    )
