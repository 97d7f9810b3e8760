"""
Hand-written SQL switches off the lock timeout before a statement that others wait behind.

## Why it matters

A statement that needs a blocking lock waits for every transaction that uses the table, and everyone who comes later waits behind it. A
lock timeout ends that wait; with `lock_timeout = 0` one forgotten transaction is enough to stop the whole site.

## Instead of

    migrations.RunSQL("SET LOCAL lock_timeout = 0; ALTER TABLE shop_order ADD COLUMN note text"),

## Use

    migrations.RunSQL("SET LOCAL lock_timeout = '2s'; ALTER TABLE shop_order ADD COLUMN note text"),

Only what blocks nobody while it waits, such as `CREATE INDEX CONCURRENTLY`, may wait for long.
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.changes import StatementsRun
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.facts import Blocking, Facts, TableLock
from django_safe_migrate.databases.statements import SetVariable
from django_safe_migrate.findings import Finding, Severity

# On MySQL and MariaDB there is no value that stands for none.
rule = Rule(__name__, severity=Severity.WARNING, vendors={"postgresql"}, directions=BOTH)

_NAME = "lock_timeout"
_OFF = frozenset({"0", "0s", "0ms", "0min"})


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """The first blocking lock that is waited for without a timeout."""
    off = False
    for facts in _facts(context):
        if isinstance(facts.statement, SetVariable) and facts.statement.name == _NAME:
            off = facts.statement.value.replace(" ", "") in _OFF
        lock = _blocking(facts)
        if off and lock is not None:
            yield _finding(lock, context)
            return


def _finding(lock: TableLock, context: Context) -> Finding:
    table = lock.table or "the database"
    return rule.finding(
        context,
        f"{context.planned.label} switches {_NAME} off and then waits for {lock.sentence}, on {table}: everyone waits behind it.",
        hint=f"Set a short {_NAME} instead, such as '2s', or leave it to safemigrate, which sets one.",
        tables=[lock.table] if lock.table else [],
    )


def _facts(context: Context) -> Iterator[Facts]:
    """What each statement of the migration does, in order."""
    if any(isinstance(change, StatementsRun) for change in context.changes):
        for change in context.changes:
            yield from context.statement_facts(change)


def _blocking(facts: Facts) -> TableLock | None:
    """A lock that keeps others waiting, on a table that is known."""
    if facts.unknown:
        return None
    return next((lock for lock in facts.locks if lock.blocking >= Blocking.WRITES), None)
