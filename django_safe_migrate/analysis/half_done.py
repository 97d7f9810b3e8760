"""What stays of a migration that is not one transaction when it fails: steps that last, and steps after them that may fail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db.migrations.operations import RunPython

from django_safe_migrate.analysis.changes import (
    Change,
    CodeRun,
    ColumnAdded,
    ColumnAltered,
    ConstraintAdded,
    ConstraintValidated,
    IndexAdded,
    StatementsRun,
    UniqueAdded,
    Unrecognised,
)
from django_safe_migrate.analysis.reading_python import Written
from django_safe_migrate.analysis.reading_python.of_change import table_of, uses

if TYPE_CHECKING:
    from django_safe_migrate.analysis.context import Context

NOT_SCHEMA = (CodeRun, StatementsRun, Unrecognised)
#: Statements that do the same when they are run again.
_REPEATABLE = re.compile(
    r"\bIF\s+(NOT\s+)?EXISTS\b|\bOR\s+REPLACE\b|\bON\s+CONFLICT\b|\bINSERT\s+IGNORE\b"
    r"|^\s*(SET|SELECT|UPDATE|DELETE|ANALYZE)\b|\bVALIDATE\s+CONSTRAINT\b",
    re.IGNORECASE,
)


def steps(context: Context) -> list[Change]:
    """Return the changes of the migration without those that do nothing."""
    return [change for change in context.changes if not is_nothing(change)]


def is_repeatable(change: Change) -> bool:
    """Return whether running a step again does not fail because it is done; of Python that is not known and taken to be so."""
    if isinstance(change, StatementsRun):
        statements = (part for text in change.statements or () for part in text.split(";"))
        return all(_REPEATABLE.search(part) for part in statements if part.strip())
    return isinstance(change, CodeRun | Unrecognised)


def _tables_written(change: Change, context: Context) -> tuple[str, ...]:
    """Return the existing tables whose rows Python of the project writes."""
    return tuple(dict.fromkeys(table for table, _ in rows_written(change, context)))


def rows_written(change: Change, context: Context) -> Iterator[tuple[str, Written]]:
    """Yield where Python of the project writes rows of existing tables, each with the table."""
    if isinstance(change, CodeRun):
        for use in uses(change, context, Written):
            table = table_of(use.model, context)
            if table and not context.is_new(table):
                yield table, use


def may_fail_on_rows(change: Change) -> bool:
    """Return whether a step may fail because of what the rows hold, or while it waits for others' transactions."""
    if isinstance(change, ColumnAdded):
        column = change.column
        return bool(column.unique or column.references or column.check)
    if isinstance(change, ColumnAltered):
        return (
            change.changes_type
            or change.sets_not_null
            or change.adds_unique
            or change.adds_check
            or change.adds_foreign_key
        )
    if isinstance(change, ConstraintAdded):
        return not change.not_valid
    if isinstance(change, IndexAdded):
        return change.concurrently
    return isinstance(change, ConstraintValidated | UniqueAdded | CodeRun | StatementsRun)


def is_risky(found: Sequence[Change], context: Context) -> bool:
    """Return whether a change of an existing table, or SQL that cannot be repeated, comes before a step that may fail on rows."""
    return (
        any(
            _lasts(change, context)
            and any(_may_fail(later, context) for later in found[place + 1 :])
            for place, change in enumerate(found)
        )
        and len(context.planned.operations) > 1
    )


def _lasts(change: Change, context: Context) -> bool:
    return not is_repeatable(change) and not (change.table and context.is_new(change.table))


def _may_fail(change: Change, context: Context) -> bool:
    return may_fail_on_rows(change) and not (change.table and context.is_new(change.table))


def is_nothing(change: Change) -> bool:
    """Return whether a change does nothing at all: a direction of Python or SQL that does not exist or is a ``noop``."""
    if isinstance(change, CodeRun):
        return change.code is None or change.code is RunPython.noop
    return isinstance(change, StatementsRun) and not change.statements


def written_before(context: Context) -> tuple[str, ...]:
    """Return the tables that Python has written since the last change of an existing table, before the present operation."""
    tables: list[str] = []
    for change in reversed(context.changes):
        if not isinstance(change, NOT_SCHEMA) and not context.is_new(change.table):
            break
        tables += _tables_written(change, context)
    return tuple(dict.fromkeys(tables))
