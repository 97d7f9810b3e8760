"""
Data that is changed in the transaction that changed the schema keeps a table blocked all the while.

## Why it matters

PostgreSQL holds the lock of a schema change until the transaction ends. In an atomic migration it is held while the Python or SQL
that follows works through rows: what would block for a moment blocks for as long as that takes. The other way round, every row that
was written stays locked while the schema change waits for its table: a session that uses this table and waits for one of the rows
makes a deadlock, in which the server ends one of the two.

## Instead of

    operations = [
        migrations.AddField(model_name="order", name="number", field=models.IntegerField(null=True)),
        migrations.RunPython(fill_numbers, migrations.RunPython.noop),
    ]

## Use

Two migrations: one for the schema, one for the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.db.migrations.operations import RunPython

from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    StatementsRun,
    Unrecognised,
)
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.half_done import rows_written
from django_safe_migrate.analysis.held_locks import with_held_locks
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.facts import Blocking, Facts, TableLock
from django_safe_migrate.databases.statements import ChangeRows, Unread
from django_safe_migrate.findings import Finding, Severity

# SQLite has one lock for the whole database, which a migration of data alone holds as well.
rule = Rule(__name__, severity=Severity.WARNING, vendors={"postgresql"}, directions=BOTH)

#: The condition of a backfill: of a new column, all rows are meant.
_OF_NULLS = re.compile(r"\bWHERE\s+[\w.\"]+\s+IS\s+(?:NOT\s+)?NULL\s*;?\s*\Z", re.IGNORECASE)


@rule.change(CodeRun)
def check(change: CodeRun, context: Context) -> Iterator[Finding]:
    """Whatever rows the code works on: the lock is held while it runs."""
    if change.code is None or change.code is RunPython.noop or not context.runs_in_transaction:
        return
    tables = _blocked(context.held)
    if tables:
        yield rule.finding(
            context,
            f"RunPython in {context.planned.label} runs while the transaction holds {locks.ACCESS_EXCLUSIVE}, on {', '.join(tables)}.",
            hint="Move RunPython to a migration of its own, after this one.",
            tables=tables,
        )


@rule.change(StatementsRun)
def check_statements(change: StatementsRun, context: Context) -> Iterator[Finding]:
    """Hand-written SQL that writes every row of a table: one that names its rows takes but a moment."""
    for statement, held in with_held_locks(change, context):
        if not isinstance(statement, ChangeRows) or not _works_long(statement, context):
            continue
        tables = _blocked(held)
        if tables:
            yield rule.finding(
                context,
                f"{statement.kind.upper()} of {'many' if statement.conditional else 'all'} rows in {context.planned.label} runs while the transaction holds "
                f"{locks.ACCESS_EXCLUSIVE}, on {', '.join(tables)}.",
                hint="Move the change of rows to a migration of its own, after this one.",
                tables=tables,
            )


@rule.change(Change, exclude=(CodeRun, Unrecognised))
def check_after(change: Change, context: Context) -> Iterator[Finding]:
    """A change of an existing table after many rows were written; said of the first one."""
    if not context.runs_in_transaction:
        return
    written: dict[str, None] = {}
    held: set[str] = set()
    for earlier in context.changes:
        written.update(dict.fromkeys(_written_by_code(earlier, context)))
        if _note_statements(earlier, context, written, held):
            return
    table = _note_statements(change, context, written, held)
    if table:
        yield _waiting(table, list(written), context)


def _waiting(table: str, written: list[str], context: Context) -> Finding:
    return rule.finding(
        context,
        f"{context.planned.label} keeps the rows of {', '.join(written)} locked that it has written, and then waits for "
        f"{table}: a session that uses {table} and waits for one of these rows makes a deadlock.",
        hint="Move the change of rows to a migration of its own, before this one.",
        tables=written,
        severity=Severity.INFO if all(map(context.is_small, written)) else None,
    )


def _note_statements(
    change: Change, context: Context, written: dict[str, None], held: set[str]
) -> str:
    """
    Add the tables of which statements write many rows, and return the first that is locked after that; empty without one.

    Of a table that nobody else can use already, since it is one of ``held``, there is nothing to wait for.
    """
    if isinstance(change, CodeRun):
        return ""
    for facts in context.statement_facts(change):
        statement = facts.statement
        if isinstance(statement, ChangeRows):
            if _works_long(statement, context) and not context.is_new(statement.table):
                written[statement.table] = None
        elif (table := _locked(facts, held)) and written:
            return table
        held.update(_blocked(facts.locks))
    return ""


def _locked(facts: Facts, held: set[str]) -> str:
    """An existing table that a statement keeps others from; empty without one, and where it commits before."""
    blocking = [
        lock.table
        for lock in facts.locks
        if lock.blocking >= Blocking.WRITES and lock.table not in held
    ]
    is_schema = not isinstance(facts.statement, ChangeRows | Unread) and not facts.commits
    return next(filter(None, blocking), "") if is_schema else ""


def _written_by_code(change: Change, context: Context) -> Iterator[str]:
    for table, use in rows_written(change, context):
        if use.is_of_many_rows:
            yield table


def _works_long(statement: ChangeRows, context: Context) -> bool:
    """Whether it goes through all rows of a table that may have many."""
    read = (statement.table,) if statement.kind != "insert" else statement.reads
    names_rows = statement.conditional and not _OF_NULLS.search(statement.text)
    return not names_rows and not all(map(context.is_small, read))


def _blocked(held: Iterable[TableLock]) -> list[str]:
    return [
        lock.table for lock in held if lock.table and lock.blocking is Blocking.READS_AND_WRITES
    ]
