"""
RunPython writes with one statement what may be every row of a table.

## Why it matters

Without ``batch_size``, PostgreSQL and MariaDB get all the rows in one statement. It grows with the table until the server refuses it
(``max_allowed_packet`` of MariaDB and MySQL, 16 MB by default) or the process has no memory left. SQLite allows so few parameters that
Django cuts the statement by itself.

## Instead of

    Order.objects.bulk_update(orders, ["number"])

## Use

    Order.objects.bulk_update(orders, ["number"], batch_size=2000)
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import Written
from django_safe_migrate.analysis.reading_python.of_change import place, table_of, title, uses
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, vendors={"postgresql", "mysql"}, directions=BOTH)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Where the list of rows grows with a table."""
    for use in uses(change, context, Written):
        table = table_of(use.model, context) if use.unbatched else ""
        if table:
            yield rule.finding(
                context,
                f"{title(change, context)} gives all its rows for {table} to one {use.method}() without a batch_size, "
                "which the server refuses when they are too many.",
                hint=f"{use.source}.{use.method}({use.arguments}, batch_size=2000)",
                tables=[table],
                severity=Severity.INFO if context.is_small(table) else None,
                **place(use),
            )
