"""Which changes write a whole table anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.analysis.statements.defaults import kind_of
from django_safe_migrate.databases.statements import (
    Action,
    AlterColumnType,
    AlterTable,
    Default,
    ModifyColumn,
)

if TYPE_CHECKING:
    from django_safe_migrate.analysis.changes import Change, ColumnAltered
    from django_safe_migrate.analysis.context import Context
    from django_safe_migrate.analysis.schema import Column


def rewrites_table(change: Change, context: Context) -> bool:
    """Return whether a change writes its table anew; where that is not known, the worst is said."""
    return change.table in context.facts(change).rewrites


def rewrites_by_type(change: ColumnAltered, context: Context) -> bool:
    """Return whether it is the change of a column's type that writes the table anew, and not another part of the change."""
    return any(
        change.table in facts.rewrites
        for facts in context.statement_facts(change)
        if isinstance(facts.statement, AlterTable)
        and any(map(_changes_type, facts.statement.actions))
    )


def _changes_type(action: Action) -> bool:
    if isinstance(action, ModifyColumn):
        return action.old is None or action.old.type != action.new.type
    return isinstance(action, AlterColumnType) and action.type != action.old_type


def has_volatile_default(column: Column) -> bool:
    """Return whether the database computes the default for each row."""
    return column.has_db_default and kind_of(column.db_default) is Default.VOLATILE
