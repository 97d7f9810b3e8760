"""
Dropping a table deletes its rows, and the release that still runs fails until it is replaced.

## Why it matters

The rows are gone for good: undoing the migration brings back an empty table. Until the last old process is replaced, each of its
queries on the table fails. The table between the two sides of a many-to-many field counts as much as any other.

## Instead of

    operations = [
        migrations.DeleteModel(name="Coupon"),
    ]

## Use

Two releases. The first one forgets the model and keeps the table:

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="Coupon")],
        ),
    ]

The second one, when no process of the old release is left, drops it:

    safe_migrate_allow = {"run_sql_destructive": "Unused since release 41."}
    operations = [
        migrations.RunSQL("DROP TABLE shop_coupon", migrations.RunSQL.noop),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import TableDropped
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.recipes import in_state_only
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, destroys=True, breaks_running_code=True)


@rule.change(TableDropped)
def check(change: TableDropped, context: Context) -> Iterator[Finding]:
    """The table of a model, or of a many-to-many field."""
    separate = in_state_only(context.operation)
    yield rule.finding(
        context,
        f"Dropping table {change.table} deletes its rows{context.filled(change.table)}, and the release that still runs queries it until it is replaced.",
        hint=f"In this release stop using the table and keep it:\n\n{separate}\n\nDrop it in the next release; "
        f'if no running release uses it any more, say so: safe_migrate_allow = {{"{rule.name}": "..."}}',
        tables=[change.table],
    )
