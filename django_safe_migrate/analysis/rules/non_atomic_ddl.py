"""
A migration of several schema changes that is not one transaction stays half done when it fails.

## Why it matters

MariaDB and MySQL commit every schema change at once, and so does a migration with `atomic = False`. When the second change fails, the
first one stays: running the migration again fails because it is there already. It is a warning where a later step can fail because of what
the rows hold, or because it waits for others.

## Instead of

    operations = [
        migrations.AddField(model_name="order", name="number", field=models.IntegerField(null=True)),
        migrations.AddField(model_name="order", name="state", field=models.CharField(max_length=20, null=True)),
    ]

## Use

One migration for each change, so that what is recorded is what was done.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import TableCreated
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.half_done import NOT_SCHEMA, is_risky, steps
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.INFO, directions=BOTH)


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Several changes of tables; on databases whose schema changes a rollback undoes, only with atomic = False."""
    schema_changes = [change for change in context.changes if not isinstance(change, NOT_SCHEMA)]
    if context.runs_in_transaction or len(schema_changes) < 2:
        return
    if all(isinstance(change, TableCreated) for change in schema_changes):
        return
    tables = tuple(dict.fromkeys(change.table for change in schema_changes))
    yield rule.finding(
        context,
        f"{context.planned.label} makes {len(schema_changes)} schema changes that are not one transaction, so that a failure leaves "
        "it half done.",
        hint="Split it into one migration per schema change.",
        tables=tables,
        severity=Severity.WARNING if is_risky(steps(context), context) else None,
    )
