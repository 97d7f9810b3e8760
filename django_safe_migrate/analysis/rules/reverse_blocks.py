"""
The migration is quick, but undoing it works through a whole table that is blocked meanwhile.

## Why it matters

Dropping an index or a constraint, allowing NULL and widening a column take an instant. Going back builds the index, checks every row
or writes the table anew, and that is asked for in a hurry, when the new release has failed.

## Instead of

    operations = [
        migrations.RemoveConstraint(model_name="order", name="order_total_positive"),
    ]

## Use

The same operation in a release after the one that no longer needs it: then the older release can come back without it. To undo it
later, write the steps of the way forwards, which do not block, instead of going back.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    StatementsRun,
    TableDropped,
    Unrecognised,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.held_locks import under_held_locks
from django_safe_migrate.analysis.rule import Rule
from django_safe_migrate.analysis.work import long_lock
from django_safe_migrate.databases.facts import TableLock
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.INFO, vendors={"postgresql", "mysql"}, about_time=True)

_NOT_MEANT = (CodeRun, StatementsRun, Unrecognised)


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Not what blocks as long going forwards, which other rules say, nor tables that come back empty."""
    dropped = {change.table for change in context.changes if isinstance(change, TableDropped)}
    blocked: dict[str, dict[str, None]] = {}
    for change, lock in _locks_of_undoing(context):
        if change.table not in dropped and not context.is_new(change.table):
            blocked.setdefault(lock, {})[change.table] = None
    for lock, tables in blocked.items():
        yield rule.finding(
            context,
            f"Undoing {context.planned.label} works through all rows of {', '.join(tables)} under {lock}.",
            hint="Make this change in a release after the one that no longer needs what goes away: then that one can be rolled back "
            "without undoing this migration.",
            tables=tuple(tables),
        )


def _locks_of_undoing(context: Context) -> Iterator[tuple[Change, str]]:
    """The last change is undone first; in one transaction its locks are held while the others are undone."""
    held: tuple[TableLock, ...] = ()
    for change in reversed(context.changes):
        inverse = change.inverse()
        if inverse is None or isinstance(change, _NOT_MEANT):
            continue
        for facts in under_held_locks(
            context.undoing(change), held, in_transaction=context.runs_in_transaction
        ):
            held = facts.locks if context.runs_in_transaction else ()
            lock = long_lock(facts, inverse.table)
            if lock and change.table and not _blocks_forwards(change, context):
                yield change, lock


def _blocks_forwards(change: Change, context: Context) -> bool:
    return any(long_lock(facts, change.table) for facts in context.statement_facts(change))
