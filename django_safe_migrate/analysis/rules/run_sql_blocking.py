"""
Hand-written SQL that reads or writes a whole table while others wait.

## Why it matters

Building an index, checking a constraint or writing a table anew takes as long as the table is large, and the lock that the statement
holds meanwhile keeps everyone else from writing, or from reading as well. In an atomic migration it is held until the migration ends.

## Instead of

    migrations.RunSQL("CREATE INDEX order_number_idx ON shop_order (number)"),

## Use

    class Migration(migrations.Migration):
        atomic = False
        operations = [
            migrations.RunSQL(
                "CREATE INDEX CONCURRENTLY order_number_idx ON shop_order (number)",
                "DROP INDEX CONCURRENTLY order_number_idx",
            ),
        ]
"""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.losses import command_of
from django_safe_migrate.analysis.online_sql import online_hint
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.facts import Blocking, Facts, TableLock
from django_safe_migrate.databases.statements import (
    AlterDomain,
    AlterTable,
    CreateIndex,
    DropIndex,
    Maintenance,
    RefreshMaterializedView,
    Reindex,
    Statement,
)
from django_safe_migrate.findings import Finding, Severity

# SQLite has one lock for the whole database, and no other way to do any of this.
rule = Rule(
    __name__,
    severity=Severity.ERROR,
    vendors={"postgresql", "mysql"},
    directions=BOTH,
    about_time=True,
)


@rule.statement(AlterTable, AlterDomain, CreateIndex, Reindex, Maintenance, RefreshMaterializedView)
def check(statement: Statement, context: Context) -> Iterator[Finding]:
    """One finding per statement that takes the longer, the more rows there are."""
    facts = context.facts(statement)
    tables = _read_in_full(facts)
    locks = [lock for table in tables if (lock := _blocking(facts, table))]
    if not locks:
        return
    lock = max(locks, key=lambda one: one.blocking)
    yield rule.finding(
        context,
        f"{command_of(statement)} {_work(facts, tables)} and takes {lock.sentence}, {_until(context)}.",
        hint=online_hint(statement, context.vendor),
        tables=tables,
    )


@rule.statement(DropIndex)
def check_dropped_index(statement: DropIndex, context: Context) -> Iterator[Finding]:
    """Dropping takes an instant, but waits for every query on the table, and everyone waits behind it."""
    facts = context.facts(statement)
    lock = next((one for one in facts.locks if one.blocking >= Blocking.WRITES), None)
    # MySQL lets everyone write meanwhile, and names no lock that blocks them.
    if lock is None or statement.concurrently:
        return
    table = f" on {lock.table}" if lock.table else ""
    yield rule.finding(
        context,
        f"Dropping index {', '.join(statement.names)} takes {lock.sentence}{table}, {_until(context)}, and waits for every query on "
        "the table first.",
        hint=online_hint(statement, context.vendor),
        tables=[lock.table] if lock.table else [],
        severity=Severity.WARNING,
    )


def _read_in_full(facts: Facts) -> list[str]:
    """The tables, the first of which is the one that takes longest."""
    built = [build.table for build in facts.index_builds]
    return list(dict.fromkeys([*facts.rewrites, *built, *facts.scans]))


def _blocking(facts: Facts, table: str) -> TableLock | None:
    lock = facts.lock_on(table)
    return lock if lock is not None and lock.blocking >= Blocking.WRITES else None


def _work(facts: Facts, tables: list[str]) -> str:
    sure = not facts.unknown
    names = " and ".join(tables)
    if facts.rewrites:
        return f"{'writes' if sure else 'may write'} {' and '.join(facts.rewrites)} anew"
    if facts.index_builds:
        return f"{'reads' if sure else 'may read'} every row of {names} for an index"
    return f"{'reads' if sure else 'may read'} every row of {names}"


def _until(context: Context) -> str:
    return "until the migration ends" if context.runs_in_transaction else "until it is done"
