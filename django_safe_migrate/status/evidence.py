"""Which operations of a migration can be seen in the database: tables and columns that are there, or are gone."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.backends.utils import truncate_name
from django.db.migrations.operations import (
    AddField,
    AddIndex,
    CreateModel,
    DeleteModel,
    RemoveField,
    RemoveIndex,
)

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.state import ModelState, ProjectState

    from django_safe_migrate.databases import Database
    from django_safe_migrate.status.migrations import Migrations


def visible_operations(
    migration: Migration,
    migrations: Migrations,
    database: Database,
    direction: str,
    under_way: Collection[int] = (),
) -> dict[int, bool]:
    """
    Return, by place, whether an operation's effect is there, for those that make or drop a table or a column.

    Indexes are looked at only for the operations that were ``under_way``: an index that is missing later may have been dropped by anybody.
    """
    key = (migration.app_label, migration.name)
    if not migrations.has_graph or key not in migrations.loader.graph.nodes:
        return {}
    schema = _Schema(database)
    state = migrations.loader.project_state(key, at_end=False)
    found: dict[int, bool] = {}
    for place, operation in enumerate(migration.operations):
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        seen = _is_seen(operation, migration.app_label, before, state, schema)
        if seen is None and place in under_way:
            seen = _is_index_seen(operation, migration.app_label, before, schema)
        if seen is not None:
            found[place] = seen if direction == "forwards" else not seen
    return found


class _Schema:
    """The tables and columns of a database, read once each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables = {name.casefold(): name for name in database.tables()}
        self._columns: dict[str, set[str]] = {}

    def table(self, model: ModelState) -> str:
        wanted = model.options.get("db_table") or truncate_name(
            f"{model.app_label}_{model.name_lower}",
            self._database.connection.ops.max_name_length(),
        )
        return str(wanted).strip('"').casefold()

    def has_table(self, model: ModelState) -> bool:
        return self.table(model) in self._tables

    def has_column(self, model: ModelState, column: str) -> bool:
        table = self._tables[self.table(model)]
        if table not in self._columns:
            self._columns[table] = {one.casefold() for one in self._database.columns(table)}
        return column.casefold() in self._columns[table]

    def indexes(self, model: ModelState) -> dict[str, bool]:
        """The indexes of a table by name, and whether each is valid."""
        table = self._tables.get(self.table(model))
        if table is None:
            return {}
        connection, invalid = self._database.connection, self._database.invalid_indexes()
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, table)
        return {name.casefold(): f"{table}.{name}" not in invalid for name in found}


def _is_seen(
    operation: Any, app_label: str, before: ProjectState, after: ProjectState, schema: _Schema
) -> bool | None:
    """Whether the forward effect of an operation is in the database; None when that cannot be seen."""
    if isinstance(operation, CreateModel | DeleteModel):
        created = isinstance(operation, CreateModel)
        model = (after if created else before).models[app_label, operation.name_lower]
        if model.options.get("proxy") or not model.options.get("managed", True):
            return None
        return schema.has_table(model) is created
    if isinstance(operation, AddField | RemoveField):
        added = isinstance(operation, AddField)
        model = (after if added else before).models[app_label, operation.model_name_lower]
        column = _column(operation.name, model.fields[operation.name])
        if not column or not schema.has_table(model):
            return None
        return schema.has_column(model, column) is added
    return None


def _is_index_seen(
    operation: Any, app_label: str, before: ProjectState, schema: _Schema
) -> bool | None:
    """
    Whether the forward effect of an operation on one index is in the database; None for other operations.

    An invalid index is as good as none: building it begins with dropping it, and dropping it can be repeated.
    """
    if not isinstance(operation, AddIndex | RemoveIndex):
        return None
    indexes = schema.indexes(before.models[app_label, operation.model_name_lower])
    if isinstance(operation, AddIndex):
        return indexes.get(operation.index.name.casefold(), False)
    return operation.name.casefold() not in indexes


def _column(name: str, field: Any) -> str:
    """The column of a field that belongs to no model class; empty when it has none."""
    if field.many_to_many or not getattr(field, "concrete", True):
        return ""
    return str(field.db_column or (f"{name}_id" if field.is_relation else name))
