"""
What a migration declares that its code changes.

Nobody can tell what ``RunPython`` and ``RunSQL`` will write, so that a migration says it, as a class attribute::

    preserves = ["shop.Order.note", "shop.Tag"]

A field: its values, which the code changes. A model: its rows, which the code deletes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.migrations.operations import RunPython

from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.preservation.losing import Subject
from django_safe_migrate.preservation.registry import ROWS, VALUES
from django_safe_migrate.sql.tables import flat, table_name

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.analysis.schema import Schema

ATTRIBUTE = "preserves"


def declared(
    migration: Migration, operation: Operation, state: ProjectState, schema: Schema
) -> Iterator[Subject]:
    """
    Yield what a migration declares, for an operation that runs code; ``state`` is the one before it.

    Raises:
        SafeMigrateError: the attribute is no list of models and fields that exist then.
    """
    names = getattr(migration, ATTRIBUTE, ())
    if not names or not any(_runs_code(one) for one in flat(operation)):
        return
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise _wrong(migration, names)
    for name in names:
        yield _subject(migration, name, state, schema)


def _runs_code(operation: Operation) -> bool:
    if isinstance(operation, operations.RunPython):
        return operation.code is not RunPython.noop
    return isinstance(operation, operations.RunSQL)


def _subject(migration: Migration, name: str, state: ProjectState, schema: Schema) -> Subject:
    app_label, _, rest = name.partition(".")
    model_name, dot, field_name = rest.partition(".")
    model = state.models.get((app_label, model_name.lower()))
    if model is None:
        raise _wrong(migration, name)
    if not dot:
        return Subject(ROWS, table_name(model))
    field: Any = model.fields.get(field_name)
    column = None if field is None else schema.column(state, model, field_name, field)
    if column is None:
        raise _wrong(migration, name)
    return Subject(VALUES, column.table, column)


def _wrong(migration: Migration, seen: object) -> SafeMigrateError:
    return SafeMigrateError(
        f"{migration.app_label}.{migration.name} has {ATTRIBUTE} = {seen!r}; it must be a list of models such as 'shop.Tag' and of fields "
        "with a column such as 'shop.Order.note', which exist when its code runs.",
        changed="This migration was not begun.",
        next_command="safemigrate --dry-run   (after mending the migration)",
    )
