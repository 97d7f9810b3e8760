"""
A type that cannot hold every value of the old one makes the migration fail, or cuts values off.

## Why it matters

Where Django converts explicitly, PostgreSQL shortens texts and rounds numbers without a word: from `TextField` to `CharField`, from
`CharField` to `SlugField`, from `FloatField` to `IntegerField`. Otherwise the first value that does not fit makes the statement fail.

## Instead of

    migrations.AlterField(model_name="order", name="note", field=models.CharField(max_length=50)),   # was TextField

## Use

A migration before it that brings values into their new form and stops when it cannot, so that nothing is changed silently:

    def check_lengths(apps, schema_editor):
        Order = apps.get_model("shop", "Order")
        too_long = Order.objects.annotate(length=Length("note")).filter(length__gt=50).count()
        if too_long:
            raise ValueError(f"{too_long} notes are longer than 50 characters.")
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import ColumnAltered
from django_safe_migrate.analysis.column_types import loses_values
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, destroys=True)


@rule.change(ColumnAltered)
def check(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """Where types are not known, because there is no connection, the operation is not judged."""
    old, new = change.old.type, change.new.type
    if not loses_values(context.vendor, old, new):
        return
    yield rule.finding(
        context,
        f"Column {change.new.name} of {change.table} becomes {new}, which cannot hold every {old}: "
        "a value that does not fit is cut off, or makes the migration fail.",
        hint="Look for values that do not fit in a migration before this one, and stop there when there are any.",
        tables=[change.table],
    )
