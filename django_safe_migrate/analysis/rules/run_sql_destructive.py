"""
Hand-written SQL drops, truncates or deletes without a condition.

## Why it matters

The rows or values are gone for good; a reverse brings back an empty column or table at best.

## Instead of

    migrations.RunSQL("DELETE FROM shop_cart"),

## Use

A condition that says which rows are meant, or, when the release that still runs uses none of it, a reason:

    class Migration(migrations.Migration):
        safe_migrate_allow = {"run_sql_destructive": "Carts live in Redis since release 41."}
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import StatementsRun, Unrecognised
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.losses import losses_in_order
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import Statement
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, destroys=True)


@rule.change(StatementsRun, Unrecognised)
def check(change: StatementsRun | Unrecognised, context: Context) -> Iterator[Finding]:
    """One finding per thing that goes away; not what the migration itself has made, temporary tables included."""
    before = (
        statement
        for one in context.changes
        if isinstance(one, StatementsRun | Unrecognised)
        for statement in _written(one, context)
    )
    for loss in losses_in_order(_written(change, context), before):
        yield rule.finding(
            context,
            f"RunSQL in {context.planned.label} {loss.what}, and what it held is gone for good.",
            hint=f'If nothing uses it any more, say so in the migration: safe_migrate_allow = {{"{rule.name}": "..."}}',
            tables=[loss.table] if loss.table else [],
        )


def _written(change: StatementsRun | Unrecognised, context: Context) -> Iterator[Statement]:
    """An operation of a third party has no text unless its SQL was collected."""
    return (statement for statement in context.statements(change) if statement.text)
