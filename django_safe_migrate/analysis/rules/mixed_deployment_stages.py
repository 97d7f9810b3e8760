"""
A migration that adds what the new release needs and drops what the old one uses fits neither before nor after the deployment.

## Why it matters

Run before the new release is deployed, it takes away what the old one still uses. Run afterwards, the new release starts without what
it needs. Either way requests fail in between.

## Instead of

    operations = [
        migrations.AddField(model_name="order", name="total", field=models.IntegerField(null=True)),
        migrations.RemoveField(model_name="order", name="note"),
    ]

## Use

Two migrations in two releases: the first one adds, and its code stops using what goes away; the second one drops it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_safe_migrate.analysis.changes import (
    Change,
    ColumnAdded,
    ColumnDropped,
    ColumnRenamed,
    TableCreated,
    TableDropped,
    TableRenamed,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, breaks_running_code=True)

_AFTER = (ColumnDropped, ColumnRenamed, TableDropped, TableRenamed)


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Only what concerns tables that exist: the old release does not know the others."""
    added = {_key(c) for c in context.changes if isinstance(c, ColumnAdded | TableCreated)}
    gone = {_key(c) for c in context.changes if isinstance(c, ColumnDropped | TableDropped)}
    before = [c for c in context.changes if _key(c) in added - gone]
    between = {(c.table, c.new_name) for c in context.changes if isinstance(c, ColumnRenamed)}
    made = added | between
    after = [c for c in context.changes if isinstance(c, _AFTER) and _is_known(c, made, context)]
    if not (before and after):
        return
    yield rule.finding(
        context,
        f"{context.planned.label} adds {_listed(before)}, which the new release needs, and takes away {_listed(after)}, which the one "
        "that still runs uses: neither before nor after the deployment is a good time for it.",
        hint="Split it: a migration that adds in this release, and one that takes away in the next.",
        tables=tuple(dict.fromkeys(_name(change) for change in after)),
    )


def _key(change: Change) -> tuple[str, str]:
    if isinstance(change, ColumnAdded | ColumnDropped):
        return change.table, change.column.name
    return change.table, change.old_name if isinstance(change, ColumnRenamed) else ""


def _is_known(change: Change, made: set[tuple[str, str]], context: Context) -> bool:
    """Whether the release that still runs uses what the change takes away, which this migration has not made or named itself."""
    return not (context.is_new(_name(change)) or made & {_key(change), (change.table, "")})


def _name(change: Change) -> str:
    return change.new_table if isinstance(change, TableRenamed) else change.table


def _listed(changes: Iterable[Change]) -> str:
    return ", ".join(dict.fromkeys(_described(change) for change in changes))


def _described(change: Change) -> str:
    if isinstance(change, ColumnAdded | ColumnDropped):
        return f"column {change.column.name} of {change.table}"
    if isinstance(change, ColumnRenamed):
        return f"column {change.old_name} of {change.table}"
    return f"table {change.table}"
