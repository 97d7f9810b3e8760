"""
Which tables have pending trigger events: PostgreSQL refuses to alter them until their foreign keys are checked.

Django's foreign keys are DEFERRABLE INITIALLY DEFERRED. A row that is inserted into a table with foreign keys, or deleted from one that
others refer to, leaves a check for the end of the transaction. Measured on PostgreSQL 15 with Django 5.2 and 6.1, with the exceptions:
foreign keys that the migration itself has made (Django adds those of a new table at the end, and makes those of a new column
immediate), and updates that leave keys alone.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db.migrations.operations import RunSQL

from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    ColumnAdded,
    StatementsRun,
    TableCreated,
)
from django_safe_migrate.analysis.reading_python import Written
from django_safe_migrate.analysis.reading_python.of_change import uses
from django_safe_migrate.databases.statements import (
    AlterTable,
    ChangeRows,
    CreateIndex,
    DropTable,
    RenameColumn,
    RenameTable,
    Statement,
    Truncate,
)
from django_safe_migrate.sql.tables import flat, many_to_many_table, table_name

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.analysis.context import Context

_INSERTING = {"create", "get_or_create", "update_or_create", "bulk_create"}
_DELETING = {"delete", "_raw_delete"}
_IMMEDIATE, _DEFERRED = (
    re.compile(rf"\bSET\s+CONSTRAINTS\b[^;]*\b{mode}\b", re.IGNORECASE)
    for mode in ("IMMEDIATE", "DEFERRED")
)


def pending(context: Context) -> dict[str, str]:
    """Return the tables with pending events after the changes so far, each with the foreign key's column, empty for those to it."""
    found: dict[str, str] = {}
    immediate = False
    for place, change in enumerate(context.changes):
        if _sets_constraints(change, _IMMEDIATE):
            found.clear()
            immediate = True  # until the transaction ends
        if _sets_constraints(change, _DEFERRED):
            immediate = False
        if immediate:
            continue
        made = _made(context.changes[:place])
        for table, inserts in written(change, context):
            keys = foreign_keys(table, context.before, context, made)
            if inserts and keys:
                found[table] = keys[0] if len(keys) == 1 else "*"
            if not inserts and _is_referenced(table, context, made):
                found[table] = "*"
    return found


def refused_tables(change: StatementsRun, context: Context) -> Iterator[str]:
    """Yield the tables that hand-written SQL alters while they have pending events, of earlier operations or of its own statements."""
    found = set(pending(context))
    made = _made(context.changes)
    immediate = _is_immediate(context.changes)
    for statement in context.statements(change):
        if _IMMEDIATE.search(statement.text):
            found.clear()
            immediate = True
        elif _DEFERRED.search(statement.text):
            immediate = False
        yield from (table for table in _altered(statement) if table in found)
        if not immediate and isinstance(statement, ChangeRows):
            table, kind = statement.table, statement.kind
            if (kind == "insert" and foreign_keys(table, context.before, context, made)) or (
                kind == "delete" and _is_referenced(table, context, made)
            ):
                found.add(table)


def _is_immediate(changes: list[Change]) -> bool:
    immediate = False
    for change in changes:
        immediate = (immediate or _sets_constraints(change, _IMMEDIATE)) and not _sets_constraints(
            change, _DEFERRED
        )
    return immediate


def _altered(statement: Statement) -> tuple[str, ...]:
    """The tables that PostgreSQL must find unused; it renames tables and columns all the same."""
    if isinstance(statement, AlterTable):
        names_only = all(isinstance(one, RenameTable | RenameColumn) for one in statement.actions)
        return () if names_only else (statement.table,)
    if isinstance(statement, CreateIndex) and not statement.concurrently:
        return (statement.table,)
    return statement.tables if isinstance(statement, DropTable | Truncate) else ()


def written(change: Change, context: Context) -> Iterator[tuple[str, bool]]:
    """Yield the tables whose rows Python or SQL of the project inserts (true) or deletes (false)."""
    if isinstance(change, StatementsRun):
        for statement in context.statements(change):
            if isinstance(statement, ChangeRows) and statement.kind in ("insert", "delete"):
                yield statement.table, statement.kind == "insert"
    elif isinstance(change, CodeRun) and change.code is not None:
        for use in uses(change, context, Written):
            if use.method in _INSERTING | _DELETING:
                model = context.before.models.get(use.model.key)
                if model is not None:
                    yield table_name(model), use.method in _INSERTING


def is_checked(change: Change, context: Context) -> bool:
    """Whether the change itself, or hand-written SQL anywhere in the migration, has foreign keys checked at once."""
    operations = (one for planned in context.planned.operations for one in flat(planned.operation))
    return _sets_constraints(change, _IMMEDIATE) or any(
        isinstance(one, RunSQL) and _IMMEDIATE.search(str(one.sql)) for one in operations
    )


def _sets_constraints(change: Change, mode: re.Pattern[str]) -> bool:
    if isinstance(change, StatementsRun):
        return any(map(mode.search, change.statements or ()))
    if not isinstance(change, CodeRun) or change.code is None:
        return False
    try:
        whole, _ = inspect.findsource(change.code)
        # Cutting the function out of its file takes long, and is seldom needed.
        source = inspect.getsource(change.code) if mode.search("".join(whole)) else ""
    except (OSError, TypeError):  # not written in a file
        return False
    return bool(mode.search(source))


def _made(changes: list[Change]) -> set[tuple[str, str]]:
    """Tables and columns that the migration has made."""
    return {
        (change.table, change.column.name if isinstance(change, ColumnAdded) else "")
        for change in changes
        if isinstance(change, TableCreated | ColumnAdded)
    }


def foreign_keys(
    table: str, state: ProjectState, context: Context, made: set[tuple[str, str]]
) -> list[str]:
    """Return the columns of a table with a foreign key constraint that was there before the migration."""
    columns = []
    for model in dict.values(state.models):
        for name, field in model.fields.items():
            if many_to_many_table(model, name, field) == table:
                columns.append("*")
            if table_name(model) == table:
                column = context.schema.column(state, model, name, field)
                if column is not None and column.references and (table, column.name) not in made:
                    columns.append(column.name)
    return [] if (table, "") in made else columns


def _is_referenced(table: str, context: Context, made: set[tuple[str, str]]) -> bool:
    state = context.before
    for model in dict.values(state.models):
        for name, field in model.fields.items():
            related = many_to_many_table(model, name, field)
            if related and (related, "") not in made:
                target = context.schema.referenced_table(state, model, field)
                if table in (target, table_name(model)):
                    return True
            column = context.schema.column(state, model, name, field)
            known = (
                column is not None and not {(column.table, ""), (column.table, column.name)} & made
            )
            if column is not None and known and column.references == table:
                return True
    return False
