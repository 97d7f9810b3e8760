"""
The project's state before and after each operation, cheaply.

Django clones every model for that; here a state shares all models with the one before it, and copies a model when somebody takes it
out to look at it or to change it.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations.operations import RenameField
from django.db.migrations.state import ModelState, ProjectState

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations.base import Operation

_ModelKey = tuple[str, str]


class _SharedModels(dict[_ModelKey, ModelState]):
    """Models by key, each copied the first time it is read, so that changes do not reach the state it came from."""

    def __init__(self, models: dict[_ModelKey, ModelState]) -> None:
        super().__init__(models)
        self._own: set[_ModelKey] = set()

    def __getitem__(self, key: _ModelKey) -> ModelState:
        model = super().__getitem__(key)
        if key not in self._own:
            model = _copied(model)
            self[key] = model
        return model

    def __setitem__(self, key: _ModelKey, model: ModelState) -> None:
        self._own.add(key)
        super().__setitem__(key, model)

    def get(self, key: _ModelKey, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def pop(self, key: _ModelKey, *default: Any) -> Any:
        self._own.discard(key)
        return super().pop(key, *default)

    def values(self) -> Any:
        return [self[key] for key in self]

    def items(self) -> Any:
        return [(key, self[key]) for key in self]


def fork(state: ProjectState) -> ProjectState:
    """Return a state that is equal to this one and can be changed without changing it; nothing is rendered."""
    forked = ProjectState(real_apps=state.real_apps)
    forked.models = _SharedModels(state.models)
    return forked


def advance(state: ProjectState, operation: Operation, app_label: str) -> ProjectState:
    """Return the state after an operation."""
    after = fork(state)
    if any(isinstance(part, RenameField) for part in _parts(operation)):
        _give_own_fields(after)
    operation.state_forwards(app_label, after)
    return after


def advance_migration(state: ProjectState, migration: Migration) -> ProjectState:
    """Return the state after all operations of a migration."""
    after = fork(state)
    if any(
        isinstance(part, RenameField)
        for operation in migration.operations
        for part in _parts(operation)
    ):
        for operation in migration.operations:
            after = advance(after, operation, migration.app_label)
        return after
    for operation in migration.operations:
        operation.state_forwards(migration.app_label, after)
    return after


def state_of(loader: MigrationLoader, keys: Collection[tuple[str, str]]) -> ProjectState:
    """Return the state that these migrations add up to, in the order of the graph."""
    state = ProjectState(real_apps=loader.unmigrated_apps)
    seen: set[tuple[str, str]] = set()
    for leaf in loader.graph.leaf_nodes():
        for key in loader.graph.forwards_plan(leaf):
            if key not in seen and key in keys:
                state = advance_migration(state, loader.graph.nodes[key])
            seen.add(key)
    return state


def _copied(model: ModelState) -> ModelState:
    copied = copy.copy(model)
    copied.fields = dict(model.fields)
    copied.options = dict(model.options)
    return copied


def _give_own_fields(state: ProjectState) -> None:
    """Copy the fields that Django's ``rename_field`` writes into: they are shared with the operations themselves."""
    for model in state.models.values():
        for name, field in model.fields.items():
            if field.remote_field is not None or getattr(field, "field_names", None):
                model.fields[name] = copy.deepcopy(field)


def _parts(operation: Operation) -> Iterator[Operation]:
    """The operation and those nested in it: of the database, or (also in RunSQL) of the state."""
    yield operation
    for attribute in ("database_operations", "state_operations"):
        for part in getattr(operation, attribute, ()):
            yield from _parts(part)
