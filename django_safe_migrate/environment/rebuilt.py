"""The indexes that a plan itself drops, or builds concurrently: an unusable one of that name is removed by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations.operations import AddIndex, RemoveIndex, RunSQL

from django_safe_migrate.databases.statements import CreateIndex, DropIndex, Reindex, Statement
from django_safe_migrate.sql.reading import read
from django_safe_migrate.sql.tables import flat

if TYPE_CHECKING:
    from django_safe_migrate.plan import Plan


def indexes_made_anew(plan: Plan, vendor: str) -> frozenset[str]:
    """
    Return the names of those indexes.

    One that is built with a lock on its table is not among them: its statement fails on what is there under the name.

    Args:
        plan: whose operations are looked at, nested ones included.
        vendor: Django's name of the database, as which SQL is read.
    """
    return frozenset(
        name
        for step in plan.steps
        for planned in step.operations
        for part in flat(planned.operation)
        for name in _names(part, vendor, backwards=step.backwards)
    )


def _names(operation: Any, vendor: str, *, backwards: bool) -> Iterator[str]:
    if isinstance(operation, RunSQL):
        sql = operation.reverse_sql if backwards else operation.sql
        for statement in read(_texts(sql), vendor):
            yield from _of_statement(statement)
    elif isinstance(operation, AddIndex | RemoveIndex):
        drops = isinstance(operation, RemoveIndex) is not backwards
        # Django's operations that work concurrently are in a module that only projects on PostgreSQL can import.
        if drops or type(operation).__name__.endswith("Concurrently"):
            yield operation.index.name if isinstance(operation, AddIndex) else operation.name


def _of_statement(statement: Statement) -> Iterator[str]:
    if isinstance(statement, DropIndex):
        yield from (name.rpartition(".")[2] for name in statement.names)
    elif isinstance(statement, CreateIndex | Reindex) and statement.concurrently:
        yield statement.name.rpartition(".")[2]


def _texts(sql: Any) -> Iterable[str]:
    """The texts of a RunSQL: one, or a list of texts and of pairs of a text and its parameters."""
    if not isinstance(sql, list | tuple):
        return [str(sql or "")]
    return [str(one[0] if isinstance(one, list | tuple) else one) for one in sql]
