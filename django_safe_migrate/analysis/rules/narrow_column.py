"""
A type that cannot hold every value of the old one makes the migration fail, or cuts values off.

## Why it matters

PostgreSQL rounds numbers without a word to the decimals that are left: from `FloatField` to `IntegerField`, for fewer `decimal_places`.
Where Django converts explicitly, it shortens texts in the same way: from `TextField` to `CharField`, from `CharField` to `SlugField`.
Otherwise the first value that does not fit makes the statement fail. MariaDB and MySQL shorten texts where their `sql_mode` is not strict.

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

from django_safe_migrate.analysis import misfits
from django_safe_migrate.analysis.changes import ColumnAltered
from django_safe_migrate.analysis.column_types import ColumnType, loses_values
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.live import COUNTED_ROWS
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

_TEXTS = {"varchar", "text", "longtext"}

rule = Rule(
    __name__, severity=Severity.ERROR, directions=BOTH, destroys=True, breaks_running_code=True
)


@rule.change(ColumnAltered)
def check(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """Where types are not known, because there is no connection, the operation is not judged."""
    old, new = change.old.type, change.new.type
    if not loses_values(context.vendor, old, new):
        return
    count = _too_long(change, context)
    now = (
        ""
        if count is None
        else f" ({count:,} row{'' if count == 1 else 's'} with such a value now)"
    )
    yield rule.finding(
        context,
        f"Column {change.new.name} of {change.table} becomes {new}, which cannot hold every {old}: "
        f"a value that does not fit {misfits.fate(change, context)}{now}.",
        hint="Look for values that do not fit in a migration before this one, and stop there when there are any.",
        tables=[change.table],
        # The release that still runs can still write one.
        severity=Severity.WARNING if count == 0 else None,
    )


def _too_long(change: ColumnAltered, context: Context) -> int | None:
    """How many texts are longer than the new type allows, None where that cannot be told."""
    old, new = ColumnType.parse(change.old.type), ColumnType.parse(change.new.type)
    if context.database is None or not (old.name in _TEXTS and new.name == "varchar" and new.sizes):
        return None
    if old.array or new.array or context.live.is_missing(change.table):
        return None
    estimate = context.estimated_rows(change.table)
    if estimate is not None and estimate >= COUNTED_ROWS:
        return None
    if change.old.name not in context.database.columns(change.table):
        return None
    condition = f"CHAR_LENGTH({context.quoted(change.old.name)}) > {new.sizes[0]}"
    return context.database.count_rows(change.table, condition)
