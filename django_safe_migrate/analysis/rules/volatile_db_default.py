"""
A default that the database computes for each row makes it write the whole table anew while others wait.

## Why it matters

A constant default is remembered once, and existing rows stay as they are. A random value or a new UUID differs from row to row:
PostgreSQL writes the table and all its indexes anew under an ACCESS EXCLUSIVE lock, which blocks reads and writes; MariaDB and MySQL
copy the table and let nobody write.

## Instead of

    migrations.AddField(model_name="order", name="token", field=models.UUIDField(db_default=RandomUUID())),

## Use

    migrations.AddField(model_name="order", name="token", field=models.UUIDField(null=True)),
    migrations.AlterField(model_name="order", name="token", field=models.UUIDField(null=True, db_default=RandomUUID())),

and fill existing rows in batches in a migration of its own. `Now()` is not such a default: it is one value for the whole statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAdded
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rewriting import has_volatile_default
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(
    __name__,
    severity=Severity.ERROR,
    vendors={"postgresql", "mysql"},
    directions=BOTH,
    about_time=True,
)


@rule.change(ColumnAdded)
def check(change: ColumnAdded, context: Context) -> Iterator[Finding]:
    """Setting such a default on an existing column concerns future rows only."""
    if has_volatile_default(change.column):
        how = locks.REWRITE[context.vendor]
        yield rule.finding(
            context,
            f"Column {change.column.name} is added to {change.table} with a default computed for each row, which writes the whole "
            f"table anew under {how}.",
            hint="Add it nullable without the default, set the default with AlterField, and fill existing rows in batches.",
            tables=[change.table],
        )
