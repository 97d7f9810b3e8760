"""Whether rows that exist already can be alike in columns that become unique."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import UniqueConstraint

from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    ColumnAdded,
    ColumnAltered,
    ColumnRenamed,
    ConstraintDropped,
    StatementsRun,
    TableRenamed,
    UniqueAdded,
    UniqueDropped,
    Unrecognised,
)
from django_safe_migrate.sql.tables import table_name

if TYPE_CHECKING:
    from django.db.migrations.state import ModelState

    from django_safe_migrate.analysis.context import Context

#: What may write rows, or gives other names to what came before.
_BREAKS = (CodeRun, ColumnRenamed, StatementsRun, TableRenamed, Unrecognised)


def may_hold_duplicates(change: Change, context: Context) -> bool:
    """
    Return whether two rows can be alike in the columns that a change makes unique; also where that is not known.

    They cannot where a constraint on some of the columns has kept them apart until this migration or still does, nor where this
    migration has added one of the columns and left it NULL in every row: NULL differs from NULL.
    """
    model = _model(change.table, context)
    wanted = set() if model is None else _wanted(change, model, context)
    if model is None or not wanted:
        return True
    if any(kept <= wanted for kept in _unique(model, context)):
        return False
    for one in reversed(context.changes):
        if isinstance(one, _BREAKS):
            return True
        if one.table == change.table and _keeps_apart(one, wanted, model, context):
            return False
    return True


def _wanted(change: Change, model: ModelState, context: Context) -> set[str]:
    """The columns that become unique; none where that is not known, or where one NULL counts as another."""
    if isinstance(change, UniqueAdded):
        return set(change.columns)
    if isinstance(change, ColumnAltered):
        return {change.new.name}
    constraint: Any = getattr(change, "constraint", None)
    if not isinstance(constraint, UniqueConstraint) or constraint.nulls_distinct is False:
        return set()
    return {context.schema.column_name(model, name) for name in constraint.fields}


def _keeps_apart(change: Change, wanted: set[str], model: ModelState, context: Context) -> bool:
    if isinstance(change, UniqueDropped):
        return set(change.columns) <= wanted
    if isinstance(change, ConstraintDropped):
        dropped = _of_constraint(change.constraint, model, context)
        return bool(dropped) and dropped <= wanted
    if not isinstance(change, ColumnAdded) or change.column.name not in wanted:
        return False
    column = change.column
    has_default = column.has_python_default or column.has_db_default or column.generated
    return column.null and not has_default


def _unique(model: ModelState, context: Context) -> Iterator[set[str]]:
    """The columns of each unique constraint that a model has before the present operation."""
    for together in model.options.get("unique_together") or ():
        yield {context.schema.column_name(model, name) for name in together}
    for constraint in model.options.get("constraints") or ():
        if columns := _of_constraint(constraint, model, context):
            yield columns
    for name, field in model.fields.items():
        if field.unique and not field.many_to_many:
            yield {context.schema.column_name(model, name)}


def _of_constraint(constraint: Any, model: ModelState, context: Context) -> set[str]:
    """The columns of a constraint that keeps all rows apart; none of another one."""
    if not isinstance(constraint, UniqueConstraint) or constraint.condition:
        return set()
    return {context.schema.column_name(model, name) for name in constraint.fields}


def _model(table: str, context: Context) -> ModelState | None:
    return next(
        (one for one in dict.values(context.before.models) if table_name(one) == table), None
    )
