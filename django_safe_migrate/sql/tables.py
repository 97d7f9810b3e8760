"""The names of tables, read from model states: Django knows them of rendered models, and rendering is most of the time it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.backends.utils import strip_quotes, truncate_name
from django.db.models import ManyToManyField

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ModelState, ProjectState

#: Oracle's, the shortest limit on names of all that Django runs on: names up to here are never cut.
SHORTEST_LIMIT = 30


def table_name(model: ModelState) -> str:
    """Return the name of a model's table, as ``Options.contribute_to_class`` makes it."""
    table = model.options.get("db_table")
    return str(table) if table else _truncated(f"{model.app_label}_{model.name_lower}")


def many_to_many_table(model: ModelState, name: str, field: Any) -> str:
    """Return the table that Django makes for a many-to-many field, empty when a model of the project is the table."""
    if not isinstance(field, ManyToManyField) or field.remote_field.through is not None:
        return ""
    own: str | None = field.db_table  # type: ignore[attr-defined]
    return own or _truncated(f"{strip_quotes(table_name(model))}_{name}")


def own_tables(model: ModelState) -> tuple[str, ...]:
    """Return a model's table and those of its many-to-many fields."""
    related = (many_to_many_table(model, name, field) for name, field in model.fields.items())
    return (table_name(model), *filter(None, related))


def flat(operation: Operation) -> Iterator[Operation]:
    """Yield the operation and those nested in it that reach the database."""
    yield operation
    for nested in getattr(operation, "database_operations", ()):
        yield from flat(nested)


def model_names(operation: Operation) -> set[str]:
    """Return the names, in lower case, of the models that an operation of Django names."""
    if hasattr(operation, "model_name"):
        return {str(operation.model_name).lower()}
    names = (getattr(operation, attribute, None) for attribute in ("name", "old_name", "new_name"))
    return {name.lower() for name in names if isinstance(name, str)}


def named_tables(operation: Operation, app_label: str, state: ProjectState) -> set[str]:
    """Return the tables, in this state, of the models that an operation and its parts name."""
    keys = {(app_label, name) for part in flat(operation) for name in model_names(part)}
    models = (state.models[key] for key in keys if key in state.models)
    return {table for model in models for table in own_tables(model)}


def _truncated(name: str) -> str:
    if len(name) <= SHORTEST_LIMIT:
        return name
    # Of the default connection, as Django does whatever database a model ends up on.
    return truncate_name(name, connection.ops.max_name_length())
