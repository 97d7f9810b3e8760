"""
An operation of a third party changes the database in ways that cannot be told beforehand.

## Why it matters

The rules know what Django's operations do. Of an operation that a library or a project defines itself, nobody knows which tables it
locks, reads or writes anew, so that none of the rules looks at it: that nothing is found says nothing.

## Instead of

    operations = [
        shop.operations.Partition("Order", by="created"),
    ]

## Use

Look at what it executes before it runs for real. A dry run collects its SQL where there is any, and looks at it as at that of `RunSQL`:

    python manage.py safemigrate --dry-run

or say it in SQL:

    operations = [
        migrations.RunSQL("CREATE TABLE ...", reverse_sql="DROP TABLE ..."),
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import Unrecognised
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.statements import Unread
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, directions=BOTH, about_rows=False)


@rule.change(Unrecognised)
def check(change: Unrecognised, context: Context) -> Iterator[Finding]:
    """Silent where its SQL was collected and could be read: then there are statements to look at."""
    if not any(isinstance(one, Unread) for one in context.statements(change)):
        return
    name = type(change.operation).__name__
    yield rule.finding(
        context,
        f"{name} in {context.planned.label} is not one of Django's operations: its effect is not known, and it is treated as one that may "
        "lock every table and change every row.",
        hint="Read what it does, and rehearse the migration on a copy of the database before it runs.",
    )
