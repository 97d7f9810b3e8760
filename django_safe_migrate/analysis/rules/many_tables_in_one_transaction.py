"""
One transaction that alters several busy tables holds the locks of all of them until it ends, and can deadlock with users.

## Why it matters

PostgreSQL keeps an ACCESS EXCLUSIVE lock, which blocks reads and writes, until the transaction ends: the first table stays closed while
the migration waits for the second. A request that uses both tables in the other order waits for the migration while the
migration waits for it: a deadlock, in which the server ends one of the two. A foreign key locks the table it refers to as well.

## Instead of

    operations = [
        migrations.AddField(model_name="order", name="note", field=models.TextField(null=True)),
        migrations.AddField(model_name="customer", name="note", field=models.TextField(null=True)),
    ]

## Use

One migration for each table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.rule import BOTH, Rule
from django_safe_migrate.databases.facts import Blocking, TableLock
from django_safe_migrate.findings import Finding, Severity

rule = Rule(__name__, severity=Severity.WARNING, vendors={"postgresql"}, directions=BOTH)


@rule.migration
def check(context: Context) -> Iterator[Finding]:
    """Tables that exist and hold rows, unless one change needs them all: that cannot be split."""
    locks = _in_use(context.held, context)
    tables = tuple(lock.table for lock in locks)
    if len(tables) < 2 or locks[0].blocking < Blocking.READS_AND_WRITES:
        return
    of_changes = (context.facts(change).locks for change in context.changes)
    if any(len(_in_use(some, context)) == len(tables) for some in of_changes):
        return
    held: dict[str, list[str]] = {}
    for lock in locks:
        held.setdefault(lock.sentence, []).append(lock.table)
    described = ", and ".join(f"{name}, on {', '.join(some)}" for name, some in held.items())
    yield rule.finding(
        context,
        f"{context.planned.label} is one transaction that holds {described}, until it ends: "
        "a request that uses these tables in another order can deadlock with it.",
        hint="Make one migration for each table.",
        tables=tables,
    )


def _in_use(locks: Iterable[TableLock], context: Context) -> list[TableLock]:
    """The locks that keep someone waiting, the strongest first."""
    found = [
        lock
        for lock in locks
        if lock.table and lock.blocking >= Blocking.WRITES and not context.is_empty(lock.table)
    ]
    return sorted(found, key=lambda lock: -lock.blocking)
