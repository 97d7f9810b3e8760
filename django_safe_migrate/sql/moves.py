"""The operations of a migration in the order they are executed, each with rendered states that it may do with as it likes."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations.state import ProjectState

from django_safe_migrate.sql.tables import flat, model_names

if TYPE_CHECKING:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations import Migration
    from django.db.migrations.operations.base import Operation


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """One operation in the direction of the plan; ``from_state`` is what the database has when it starts."""

    index: int
    operation: Operation
    app_label: str
    from_state: ProjectState
    to_state: ProjectState
    backwards: bool

    def execute(self, editor: BaseDatabaseSchemaEditor) -> None:
        operation = self.operation
        run: Callable[..., None] = (
            operation.database_backwards if self.backwards else operation.database_forwards
        )
        run(self.app_label, editor, self.from_state, self.to_state)

    def reason_without_sql(self) -> str:
        """Why Django must not even be asked: it would execute the Python of an operation nested in another."""
        if self.backwards and not self.operation.reversible:
            return "It cannot be reversed."
        nested = [operation for operation in flat(self.operation) if not operation.reduces_to_sql]
        return (
            f"{type(nested[0]).__name__} runs Python; what it executes is known only when it runs."
            if nested
            else ""
        )

    def tables(self) -> set[str]:
        """The tables that the operation is about, under their names before and after it."""
        found: set[str] = set()
        for operation in flat(self.operation):
            for name in model_names(operation):
                for state in (self.from_state, self.to_state):
                    if (self.app_label, name) in state.models:
                        model: Any = state.apps.get_model(self.app_label, name)
                        found |= _tables(model._meta, operation)
        return found

    def raw_sql(self) -> str:
        """The text of hand-written SQL, whose tables we do not know."""
        attribute = "reverse_sql" if self.backwards else "sql"
        return "\n".join(
            str(getattr(operation, attribute, "") or "") for operation in flat(self.operation)
        )


def moves(migration: Migration, state: ProjectState, backwards: bool) -> Iterator[Move]:
    """Return the operations of a migration, given the state before it in both directions, in the order of execution."""
    if "apps" not in state.__dict__:
        state.apps  # noqa: B018 - rendered once, so that the copies below share the result
    made = []
    # Copies: Django's RenameField writes into the fields that operations hold.
    for index, operation in enumerate(copy.deepcopy(migration.operations)):
        after = state.clone()
        operation.state_forwards(migration.app_label, after)
        from_state, to_state = (after, state) if backwards else (state, after)
        made.append(Move(index, operation, migration.app_label, from_state, to_state, backwards))
        state = after
    return reversed(made) if backwards else iter(made)


def isolated_state(state: ProjectState) -> ProjectState:
    """Return a copy that shares no field with the original, for Django's RenameField writes into fields."""
    isolated = {key: model.clone() for key, model in state.models.items()}
    for model in isolated.values():
        model.fields = {name: copy.deepcopy(field) for name, field in model.fields.items()}
    return ProjectState(isolated, state.real_apps)


def advanced(state: ProjectState, migration: Migration) -> ProjectState:
    """Return the state after a migration, sharing nothing with the one before."""
    after = isolated_state(state)
    for operation in copy.deepcopy(migration.operations):
        operation.state_forwards(migration.app_label, after)
    return after


def _tables(options: Any, operation: Operation) -> set[str]:
    """The model's own table, and those of the many-to-many fields that the operation names, or all of them."""
    attributes = ("name", "old_name", "new_name")
    fields = {getattr(operation, attribute, None) for attribute in attributes}
    about_field = hasattr(operation, "model_name")
    related = (
        field.remote_field.through._meta.db_table
        for field in options.local_many_to_many
        if not about_field or field.name in fields
    )
    return {options.db_table, *related}
