"""Which changes write a whole table anew: they take long, and disk space for a second copy while they last."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import UniqueConstraint, Value

from django_safe_migrate.analysis.changes import (
    Change,
    ColumnAdded,
    ColumnAltered,
    ColumnDropped,
    ConstraintAdded,
    ConstraintDropped,
)
from django_safe_migrate.analysis.column_types import rewrites
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.schema import Column, Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.walking import walk_plan

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.databases import Database
    from django_safe_migrate.plan import Plan

#: Functions that PostgreSQL evaluates for each row (``pg_proc.provolatile`` is ``v``).
_VOLATILE = {
    "clock_timestamp",
    "gen_random_uuid",
    "nextval",
    "random",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
}


def rewritten_tables(plan: Plan, state: ProjectState, database: Database | None) -> tuple[str, ...]:
    """Return the existing tables, under their present names, that a plan writes anew."""
    connection = connections[plan.database] if database is None else database.connection
    schema, live = Schema(connection, live=database is not None), Live(database)
    so_far, product = SoFar(live), live.product or connection.vendor
    tables: dict[str, None] = {}
    for planned, parts in walk_plan(plan, state):
        for part in parts:
            around = Surroundings(planned.app_label, part.earlier, part.later, schema)
            for change in derive(part.operation, around, backwards=planned.backwards):
                if not so_far.is_new(change.table) and rewrites_table(change, product):
                    tables.setdefault(so_far.live_name(change.table))
                so_far.note(change)
    return tuple(tables)


def rewrites_table(change: Change, product: str) -> bool:
    """Return whether a change writes its table anew; of a product that we do not know, no."""
    return _REWRITES[product](change) if product in _REWRITES else False


def _rewrites_on_postgresql(change: Change) -> bool:
    if isinstance(change, ColumnAdded):
        return change.column.stored or has_volatile_default(change.column)
    return _changes_type(change, "postgresql")


def _rewrites_on_innodb(product: str, change: Change) -> bool:
    if isinstance(change, ColumnAdded):
        return change.column.stored or has_volatile_default(change.column)
    # A column is made NOT NULL, or NULL, by building the table again in place.
    nullability = isinstance(change, ColumnAltered) and change.old.null != change.new.null
    return nullability or _changes_type(change, product)


def _changes_type(change: Change, product: str) -> bool:
    if not isinstance(change, ColumnAltered) or not (change.old.type and change.new.type):
        return False
    return change.changes_type and rewrites(product, change.old.type, change.new.type)


def has_volatile_default(column: Column) -> bool:
    """Return whether the database computes the default for each row."""
    pending: list[Any] = [column.db_default] if column.has_db_default else []
    while pending:
        expression = pending.pop()
        given = getattr(expression, "extra", {}).get("function")
        name = given or getattr(expression, "function", None) or type(expression).__name__
        if name.lower() in _VOLATILE or type(expression).__name__ in {
            "Random",
            "RandomUUID",
            "UUID4",
            "UUID7",
        }:
            return True
        pending.extend(getattr(expression, "get_source_expressions", list)())
    return False


def rebuilds_on_sqlite(change: Change) -> bool:
    """Return whether Django makes a new table and copies every row, as its schema editor for SQLite decides."""
    if isinstance(change, ColumnAdded):
        return _added_by_rebuild(change.column)
    if isinstance(change, ColumnDropped):
        column = change.column
        return column.primary_key or column.unique or column.indexed or bool(column.references)
    if isinstance(change, ConstraintAdded | ConstraintDropped):
        return not _is_index_on_sqlite(change.constraint)
    return isinstance(change, ColumnAltered)


def _added_by_rebuild(column: Column) -> bool:
    if column.primary_key or column.unique or not column.null or column.has_python_default:
        return True
    return column.has_db_default and not isinstance(column.db_default, Value)


def _is_index_on_sqlite(constraint: Any) -> bool:
    unique: Any = constraint
    if not isinstance(constraint, UniqueConstraint):
        return False
    return bool(unique.condition or unique.expressions or unique.include or unique.deferrable)


_REWRITES: dict[str, Callable[[Change], bool]] = {
    "postgresql": _rewrites_on_postgresql,
    "mysql": functools.partial(_rewrites_on_innodb, "mysql"),
    "mariadb": functools.partial(_rewrites_on_innodb, "mariadb"),
    "sqlite": rebuilds_on_sqlite,
}
