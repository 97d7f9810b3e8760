"""
Adding a stored generated column writes the whole table anew while others wait.

## Why it matters

The database computes the value of every existing row. PostgreSQL does it under an ACCESS EXCLUSIVE lock, which blocks reads and
writes; MariaDB and MySQL copy the table and let nobody write.

## Instead of

    migrations.AddField(
        model_name="order",
        name="gross",
        field=models.GeneratedField(expression=F("net") * 1.2, output_field=models.FloatField(), db_persist=True),
    ),

## Use

`db_persist=False` where the database has virtual columns (MariaDB, MySQL, PostgreSQL 18), or an ordinary nullable column that the
application fills.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import ColumnAdded
from django_safe_migrate.analysis.context import Context
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
    """A virtual column costs nothing."""
    if change.column.stored:
        how = locks.REWRITE[context.vendor]
        yield rule.finding(
            context,
            f"Adding the stored generated column {change.column.name} to {change.table} writes the whole table anew under {how}.",
            hint="Use db_persist=False where the database has virtual columns, or a nullable column that the application fills.",
            tables=[change.table],
        )
