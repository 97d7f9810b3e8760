"""
RunPython executes SQL that drops, truncates or deletes without a condition.

## Why it matters

The rows or values are gone for good, and neither Django nor a reviewer who looks at the operations only sees it: it is in the text of a
function. Of SQL whose text is put together nothing is known. A condition on `connection.vendor` is read: what is not executed on this
database is not reported.

## Instead of

    def remove_carts(apps, schema_editor):
        schema_editor.execute("DROP TABLE shop_cart")

## Use

`DeleteModel` or `RemoveField`, so that Django's state knows of it, and when the release that still runs uses none of it, a reason:

    class Migration(migrations.Migration):
        safe_migrate_allow = {"run_python_destructive_sql": "Carts live in Redis since release 41."}
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import CodeRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.losses import losses
from django_safe_migrate.analysis.reading_python.of_change import executed, place, title
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import CreateTable
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.ERROR, directions=BOTH, destroys=True)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """One finding per thing that goes away, unless the same function has made it."""
    made: set[str] = set()
    for use, statement in executed(change, context):
        if isinstance(statement, CreateTable) and not statement.if_not_exists:
            made.add(statement.table)
        for loss in losses(statement):
            if loss.table not in made:
                yield rule.finding(
                    context,
                    f"{title(change, context)} executes SQL that {loss.what}, and what it held is gone for good.",
                    hint=f'If nothing uses it any more, say so in the migration: safe_migrate_allow = {{"{rule.name}": "..."}}',
                    tables=[loss.table] if loss.table else [],
                    **place(use),
                )
