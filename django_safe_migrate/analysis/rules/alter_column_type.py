"""
Changing a column's type writes the whole table anew while others wait.

## Why it matters

PostgreSQL copies every row and builds every index again under an ACCESS EXCLUSIVE lock: reads and writes wait. MariaDB and MySQL copy
the table and let nobody write. Only a few changes leave rows as they are: more characters for a `varchar`, `varchar` to `text`,
more digits before the point of a `numeric`.

## Instead of

    migrations.AlterField(model_name="order", name="number", field=models.BigIntegerField()),   # was IntegerField

## Use

A new column of the new type, in three releases: add it nullable and write both; fill it in batches; read the new one and drop the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAltered
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rewriting import rewrites_by_type
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__,
    severity=Severity.ERROR,
    vendors={"postgresql", "mysql"},
    directions=BOTH,
    about_time=True,
)

_HINT = (
    "Add a column of the new type that is nullable, write both, fill it in batches, and let a later release read the new column and "
    "drop the old one."
)


@rule.change(ColumnAltered)
def check(change: ColumnAltered, context: Context) -> Iterator[Finding]:
    """Where types are not known, because there is no connection, the operation is not judged; of primary keys, another rule says more."""
    old, new = change.old.type, change.new.type
    if change.old.primary_key and change.new.primary_key:
        return
    if not (old and new and change.changes_type and rewrites_by_type(change, context)):
        return
    how = locks.REWRITE[context.vendor]
    yield rule.finding(
        context,
        f"Changing the type of column {change.new.name} of {change.table} from {old} to {new} writes the whole table anew under {how}.",
        hint=_HINT,
        tables=[change.table],
    )
