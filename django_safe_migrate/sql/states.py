"""
The project's state before and after each operation, cheaply.

Django clones every model for that; here a state shares all models with the one before it, and copies a model when somebody takes it
out to look at it or to change it.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import resolve_relation

from django_safe_migrate.sql.tables import model_names

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations.base import Operation

_ModelKey = tuple[str, str]

#: By the method itself: a subclass that does something else to the state is not taken for its parent.
_NESTING = {
    kind.state_forwards
    for kind in (operations.RunPython, operations.RunSQL, operations.SeparateDatabaseAndState)
}
_LOCAL = {
    kind.state_forwards
    for kind in (
        operations.CreateModel,
        operations.DeleteModel,
        operations.AlterModelTable,
        operations.AlterModelTableComment,
        operations.AlterUniqueTogether,
        operations.AlterOrderWithRespectTo,
        operations.AlterModelOptions,
        operations.AlterModelManagers,
        operations.AddField,
        operations.RemoveField,
        operations.AlterField,
        operations.AddIndex,
        operations.RemoveIndex,
        operations.RenameIndex,
        operations.AddConstraint,
        operations.RemoveConstraint,
        operations.AlterConstraint,
    )
}
_RENAMING = {operations.RenameModel.state_forwards, operations.RenameField.state_forwards}


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
    kind = type(operation).state_forwards
    if kind in _NESTING:
        for nested in getattr(operation, "state_operations", ()):
            state = advance(state, nested, app_label)
        return state
    if kind in _LOCAL:
        concerned = {(app_label, name) for name in model_names(operation)}
        return _advance_part(state, operation, app_label, concerned)
    if kind in _RENAMING:
        concerned = {(app_label, name) for name in model_names(operation)}
        return _advance_part(
            state, operation, app_label, concerned | _referring(state, concerned), own_fields=True
        )
    after = fork(state)
    operation.state_forwards(app_label, after)
    return after


def advance_migration(state: ProjectState, migration: Migration) -> ProjectState:
    """Return the state after all operations of a migration."""
    for operation in migration.operations:
        state = advance(state, operation, migration.app_label)
    return state


def _advance_part(
    state: ProjectState,
    operation: Operation,
    app_label: str,
    concerned: set[_ModelKey],
    *,
    own_fields: bool = False,
) -> ProjectState:
    """Let the operation see only the models that it concerns: Django's methods look through all there are."""
    models = {key: _copied(state.models[key]) for key in concerned if key in state.models}
    if own_fields:
        for model in models.values():
            model.fields = {name: copy.deepcopy(field) for name, field in model.fields.items()}
    part = ProjectState(models, state.real_apps)
    operation.state_forwards(app_label, part)
    after = fork(state)
    for key in concerned - part.models.keys():
        after.models.pop(key, None)
    for key, model in part.models.items():
        after.models[key] = model
    return after


def _referring(state: ProjectState, targets: set[_ModelKey]) -> set[_ModelKey]:
    """The models with a relation to one of these, or through it."""
    return {
        key
        for key, model in dict.items(state.models)
        for field in model.fields.values()
        if field.remote_field is not None and _relates(field.remote_field, key, targets)
    }


def _relates(relation: Any, key: _ModelKey, targets: set[_ModelKey]) -> bool:
    related = (relation.model, getattr(relation, "through", None))
    return any(model is not None and resolve_relation(model, *key) in targets for model in related)


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
