"""What a change costs those who use its table: what it builds, and who waits while it works through all rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_safe_migrate.analysis.changes import (
    Change,
    ColumnAltered,
)
from django_safe_migrate.databases.facts import Blocking
from django_safe_migrate.databases.statements import AlterTable

if TYPE_CHECKING:
    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.databases.facts import Facts
    from django_safe_migrate.databases.statements import Action


def only_adds_index(change: ColumnAltered) -> bool:
    """Return whether ``db_index=True`` is all that changes: then the table itself is not altered."""
    old, new = change.old, change.new
    same = (old.type, old.null, old.unique, old.references, old.check, old.collation) == (
        new.type,
        new.null,
        new.unique,
        new.references,
        new.check,
        new.collation,
    )
    return change.adds_index and same and old.has_db_default == new.has_db_default


def is_exclusion(constraint: Any) -> bool:
    """Return whether it is an ``ExclusionConstraint``, whose module needs a driver of PostgreSQL."""
    return any(kind.__name__ == "ExclusionConstraint" for kind in type(constraint).__mro__)


def long_lock(facts: Facts, table: str) -> str:
    """Return the lock, in words, under which all rows of a table are worked through; empty where that keeps nobody from writing."""
    lock = facts.lock_on(table)
    # SQLite's one lock is on the whole database: there is no other way to do anything.
    is_long = lock is not None and lock.table == table and facts.reads_all(table)
    if lock is None or not is_long or lock.blocking < Blocking.WRITES:
        return ""
    return (
        f"a copy of the table with {lock.sentence}" if facts.algorithm == "COPY" else lock.sentence
    )


def blocking_part(
    change: Change, context: Context, is_meant: Callable[[Action], bool]
) -> Facts | None:
    """
    Return the facts of the part of a change that keeps others from writing while it works through all rows.

    Args:
        is_meant: whether an action of an ``ALTER TABLE`` is what is asked about; statements without one are passed over.
    """
    for facts in context.statement_facts(change):
        statement = facts.statement
        if not isinstance(statement, AlterTable) or not any(map(is_meant, statement.actions)):
            continue
        if long_lock(facts, statement.table):
            return facts
    return None
