"""Which data a change does away with, on the tables as they are when it is made."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.column_types import loses_values
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.forecast.document import Destroyed
from django_safe_migrate.analysis.losses import losses_in_order
from django_safe_migrate.analysis.reading_python.of_change import executed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_safe_migrate.databases.statements import Statement


def destroyed(change: Change, context: Context) -> Iterator[Destroyed]:
    """Yield what a change destroys; of a table that the plan has made nothing is lost, for nobody has filled it."""
    if not (change.table and context.is_new(change.table)):
        yield from _destroyed(change, context)


@functools.singledispatch
def _destroyed(change: Change, context: Context) -> Iterator[Destroyed]:
    return iter(())


@_destroyed.register
def _(change: changes.TableDropped, context: Context) -> Iterator[Destroyed]:
    filled = context.filled(change.table)
    yield Destroyed(what=f"Destroys table {change.table}{filled}", table=change.table)


@_destroyed.register
def _(change: changes.ColumnDropped, context: Context) -> Iterator[Destroyed]:
    if change.column.generated or _is_added_here(change, context):
        return
    name = change.column.name
    what = f"Destroys column {name} of {change.table}{context.filled(change.table, name)}"
    yield Destroyed(what=what, table=change.table, column=name)


@_destroyed.register
def _(change: changes.ColumnAltered, context: Context) -> Iterator[Destroyed]:
    old, new = change.old.type, change.new.type
    if old and new and loses_values(context.vendor, old, new):
        name = change.new.name
        what = f"Destroys what {new} cannot hold of the values of column {name} of {change.table}"
        yield Destroyed(what=what, table=change.table, column=name)


@_destroyed.register
def _(change: changes.StatementsRun, context: Context) -> Iterator[Destroyed]:
    yield from _by_sql(context.statements(change), context, "Its SQL")


@_destroyed.register
def _(change: changes.CodeRun, context: Context) -> Iterator[Destroyed]:
    yield from _by_sql((one for _, one in executed(change, context)), context, "Its Python")


def _by_sql(statements: Iterable[Statement], context: Context, who: str) -> Iterator[Destroyed]:
    for loss in losses_in_order(statements):
        if not (loss.table and context.is_new(loss.table)):
            filled = context.filled(loss.table) if loss.table else ""
            yield Destroyed(what=f"{who} {loss.what}{filled}", table=loss.table)


def _is_added_here(change: changes.ColumnDropped, context: Context) -> bool:
    """Whether this migration has added the column itself."""
    return any(
        isinstance(one, changes.ColumnAdded)
        and (one.table, one.column.name) == (change.table, change.column.name)
        for one in context.changes
    )
