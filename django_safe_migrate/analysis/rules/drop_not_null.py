"""
A column that may hold NULL from now on shows NULL to code that does not expect it.

## Why it matters

The change itself is quick and fails for no row. But the release that still runs, and reports that read the database, were written for
a column that always has a value: as soon as the new release writes the first NULL, they meet it.

## Instead of

    migrations.AlterField(model_name="order", name="note", field=models.TextField(null=True)),   # and code that writes None

## Use

The same change, in a release whose code copes with None and does not write it yet; write None from the next release on.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import ColumnAltered
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.INFO, breaks_running_code=True)


@rule.change(ColumnAltered)
def check(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """Going backwards, the release that comes back knows that the column can be NULL."""
    if change.new.null and not change.old.null and not change.old.generated:
        yield rule.finding(
            context,
            f"Column {change.new.name} of {change.table} may be NULL from now on, which the release that still runs does not expect.",
            hint="Let the new release cope with None and not write it yet; write None from the next release on.",
            tables=[change.table],
        )
