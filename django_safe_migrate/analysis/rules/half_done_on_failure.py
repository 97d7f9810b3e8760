"""
A migration that is not one transaction cannot be run again when it fails after its first step.

## Why it matters

MariaDB and MySQL commit every schema change at once, and so does a migration with `atomic = False`. When Python or SQL that comes after
fails, the migration is not recorded as applied, but the schema change stays: the next attempt fails because it is there already.
The same goes for hand-written SQL that is followed by something that fails. Rows that Python wrote before a schema change fails are written
once more. It is a warning where a table that others use was changed, and what follows can fail because of its rows.

## Instead of

    operations = [
        migrations.AddField(model_name="order", name="number", field=models.IntegerField(null=True)),
        migrations.RunPython(fill_numbers, migrations.RunPython.noop),
    ]

## Use

Two migrations, so that what is recorded is what was done; or SQL that can be run again (`CREATE TABLE IF NOT EXISTS`).
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import Change, TableCreated
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.half_done import (
    NOT_SCHEMA,
    is_repeatable,
    is_risky,
    steps,
    written_before,
)
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

# Also of new tables: they are there when the migration is run again.
rule = Rule(__name__, severity=Severity.INFO, directions=BOTH, about_rows=False)


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Several schema changes are another rule's: here one step is Python or SQL of the project."""
    if context.runs_in_transaction:
        return
    found = steps(context)
    schema_changes = [change for change in found if not isinstance(change, NOT_SCHEMA)]
    altered = [change for change in schema_changes if not isinstance(change, TableCreated)]
    if (altered and len(schema_changes) > 1) or len(schema_changes) == len(found):
        return
    lasting = next((change for change in found[:-1] if not is_repeatable(change)), None)
    if lasting is not None:
        what = f"changed {lasting.table}" if lasting.table else "run its SQL"
        yield rule.finding(
            context,
            f"{context.planned.label} is not one transaction: when it fails after it has {what}, running it again fails because that is "
            "done already.",
            hint="Make one migration of each of its operations.",
            tables=[change.table for change in schema_changes],
            severity=Severity.WARNING if is_risky(found, context) else None,
        )


@rule.change(Change, exclude=NOT_SCHEMA)
def check_written_rows(change: Change, context: Context) -> Iterator[Finding]:
    """Rows are written, then a change of an existing table fails, if only because it cannot get its lock."""
    if context.runs_in_transaction or context.is_new(change.table):
        return
    if isinstance(change, TableCreated):
        return
    tables = written_before(context)
    if tables:
        yield rule.finding(
            context,
            f"{context.planned.label} is not one transaction: when it fails to change {change.table}, what RunPython has written to "
            f"{', '.join(tables)} stays, and running it again writes it once more.",
            hint="Make one migration of each of its operations.",
            tables=tables,
            severity=Severity.WARNING,
        )
