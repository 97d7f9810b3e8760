"""
Hand-written SQL names a table that a migration makes on which its own does not depend.

## Why it matters

Django orders migrations by their dependencies only, and cannot read SQL. Here the other app's migrations happened to run first; on a new
database, such as that of the next test run, they may come later, and the statement fails because there is no such table. So it is
with two branches of one app that a merge brings together.

## Instead of

    dependencies = [("shop", "0007_order_number")]
    operations = [migrations.RunSQL("UPDATE shop_order SET owner_id = (SELECT min(id) FROM accounts_user)", ...)]

## Use

    dependencies = [("shop", "0007_order_number"), ("accounts", "0001_initial")]
    operations = [migrations.RunSQL("UPDATE shop_order SET owner_id = (SELECT min(id) FROM accounts_user)", ...)]
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import StatementsRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.ordering import Made
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.sql.reading import tables_named

# It is on new databases that it fails.
rule = Rule(__name__, severity=Severity.WARNING, about_rows=False)


@rule.change(StatementsRun)
def check(change: StatementsRun, context: Context) -> Iterator[Finding]:
    """One finding per table; nothing where the order cannot be told."""
    tables = context.tables
    names = (name for one in context.statements(change) for name in tables_named(one))
    for name in dict.fromkeys(names):
        key = tables.place(name)
        if key is None:
            continue
        found = context.order.made((context.app_label, context.planned.name), key)
        if found is not None and not found.before:
            yield _finding(name, found, context)


def _finding(table: str, found: Made, context: Context) -> Finding:
    app_label, name = min(found.by)
    dependencies = [*context.planned.migration.dependencies, (app_label, name)]
    lines = "".join(f'    ("{app}", "{migration}"),\n' for app, migration in dependencies)
    return rule.finding(
        context,
        f"RunSQL in {context.planned.label} names table {table}, but the migration does not depend on {app_label}.{name}, which makes it: "
        "on a new database it may run first, and fails.",
        hint=f"dependencies = [\n{lines}]",
    )
