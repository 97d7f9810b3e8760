"""The locks under which each statement of an operation runs: those that a transaction has taken before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.databases.facts import Facts, TableLock, strongest

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.databases.statements import Statement


def with_held_locks(
    change: Change, context: Context
) -> Iterator[tuple[Statement, tuple[TableLock, ...]]]:
    """
    Yield the statements of a change of the present operation, each with the locks that are held when it starts.

    They are those of earlier changes of the migration and of earlier statements of the same change; none where the migration is not one
    transaction.
    """
    held = context.held
    statements = context.statements(change)
    for statement, facts in zip(statements, context.statement_facts(change), strict=True):
        yield statement, held
        if context.runs_in_transaction:
            held = () if facts.commits else strongest((*held, *facts.locks))


def under_held_locks(
    facts: Iterable[Facts], held: tuple[TableLock, ...], *, in_transaction: bool
) -> Iterator[Facts]:
    """
    Yield the facts of statements that are executed one after the other, each with all locks that are held while it works.

    Args:
        held: when the first of them starts.
        in_transaction: whether they are one transaction; if not, each has its own locks alone.
    """
    for one in facts:
        if not in_transaction:
            yield one
            continue
        # What may be locked, nobody knows which, says nothing of the tables that are known.
        locks = strongest((*(lock for lock in held if lock.table), *one.locks))
        yield dataclasses.replace(one, locks=locks)
        held = () if one.commits else locks
