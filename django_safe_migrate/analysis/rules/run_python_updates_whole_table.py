"""
RunPython updates or deletes every row of a table at once.

## Why it matters

One statement locks every row until the transaction ends: whoever wants to change a row of the table waits for all of them. An UPDATE
also writes each row anew, which leaves a PostgreSQL table twice as large. A DELETE without a condition loses what the rows held, and
blocks as the same statement in RunSQL does.

## Instead of

    Order.objects.update(state=1)

## Use

A migration of its own that is not atomic, and batches:

    def fill_state(apps, schema_editor):
        Order = apps.get_model("shop", "Order")
        keys = Order.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000)
        while batch := list(itertools.islice(keys, 5000)):
            Order.objects.filter(pk__in=batch).update(state=1)


    class Migration(migrations.Migration):
        atomic = False
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.reading_python import Use, Written
from django_safe_migrate.analysis.reading_python.of_change import (
    executed,
    place,
    table_of,
    title,
    uses,
)
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import ChangeRows
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, destroys=True)

_BATCHES = """\
keys = {manager}.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000)
while batch := list(itertools.islice(keys, 5000)):
    {manager}.filter(pk__in=batch).{method}({arguments})"""

_SQL_BATCHES = """\
for start in range(first, last + 1, 5000):
    cursor.execute("{statement} WHERE id BETWEEN %s AND %s", [start, start + 4999])"""


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Of a manager or queryset without any condition."""
    for use in uses(change, context, Written):
        table = table_of(use.model, context) if use.whole_table else ""
        if table and use.method == "update":
            yield _updated(change, context, use, table, _batches(use))
        elif table:
            yield _deleted(change, context, use, table)


@rule.change(CodeRun)
def check_sql(change: CodeRun, context: Context) -> Iterator[Finding]:
    """The same in SQL whose text is a constant; DELETE is a loss of its own."""
    for use, statement in executed(change, context):
        if not isinstance(statement, ChangeRows) or statement.conditional:
            continue
        if statement.kind == "update":
            batches = _SQL_BATCHES.format(statement=" ".join(statement.text.split()))
            yield _updated(change, context, use, statement.table, batches)


def _updated(change: CodeRun, context: Context, use: Use, table: str, batches: str) -> Finding:
    lasts = "until the transaction ends" if context.runs_in_transaction else "until it is done"
    return rule.finding(
        context,
        f"{title(change, context)} updates every row of {table} in one statement{context.filled(table)}, and each stays locked, "
        f"which blocks writes to it, {lasts}.",
        hint=f"In a migration of its own with atomic = False:\n\n{batches}",
        tables=[table],
        severity=Severity.INFO if context.is_small(table) else None,
        **place(use),
    )


def _deleted(change: CodeRun, context: Context, use: Written, table: str) -> Finding:
    return rule.finding(
        context,
        f"{title(change, context)} deletes every row of {table}{context.filled(table)}, and what they held is gone for good.",
        hint="Say with filter() which rows are meant; if nothing uses them any more, say so in the migration: "
        f'safe_migrate_allow = {{"{rule.name}": "..."}}',
        tables=[table],
        severity=Severity.ERROR,
        **place(use),
    )


def _batches(use: Written) -> str:
    manager = f"{use.model.name}.objects"
    if use.chosen_database:
        manager += ".using(schema_editor.connection.alias)"
    return _BATCHES.format(manager=manager, method=use.method, arguments=use.arguments)
