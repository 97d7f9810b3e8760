"""Which models are there when a migration runs on a new database: those of the migrations that it depends on, and no others."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping

from django.db.migrations import operations
from django.db.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    NodeNotFoundError,
)
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

Key = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """The migrations that make a model, and whether the migration that takes it depends on one; ``app`` on any of that app."""

    by: tuple[Key, ...]
    before: bool
    app: bool


class Order:
    """
    What the migrations of a plan come after.

    Without the ``graph`` of whoever made the plan, that of the installed apps is loaded when somebody asks.
    """

    def __init__(self, graph: MigrationGraph | None = None) -> None:
        self._given = graph
        self._befores: dict[Key, frozenset[Key]] = {}
        self._apps: dict[str, _App] = {}

    @functools.cached_property
    def graph(self) -> MigrationGraph | None:
        """The migrations, each with what it depends on; None when they form no graph."""
        return _installed() if self._given is None else self._given

    def made(self, migration: Key, model: Key) -> Made | None:
        """
        Return whether a migration comes after one that makes a model.

        None when that cannot be told: the migration is not in the graph, the app of the model has no migrations, or an operation that is
        not Django's may have made it.
        """
        graph = self.graph
        if graph is None or migration not in graph.nodes:
            return None
        if model[0] not in self._apps:
            self._apps[model[0]] = _App.of(graph, model[0])
        app = self._apps[model[0]]
        by = app.makers.get(model[1], ())
        if not by or app.is_unknown:
            return None
        if migration not in self._befores:
            self._befores[migration] = frozenset(graph.forwards_plan(migration))
        before = self._befores[migration]
        return Made(by, not before.isdisjoint(by), not before.isdisjoint(app.keys))


@dataclasses.dataclass(frozen=True, slots=True)
class _App:
    """The migrations of an app, those that make each model by its name, and whether one of them may make any."""

    keys: tuple[Key, ...]
    makers: Mapping[str, tuple[Key, ...]]
    is_unknown: bool

    @classmethod
    def of(cls, graph: MigrationGraph, label: str) -> _App:
        nodes = {
            key: tuple(_of_state(node.operations))
            for key, node in graph.nodes.items()
            if key[0] == label and node is not None
        }
        makers: dict[str, tuple[Key, ...]] = {}
        for key, found in nodes.items():
            for name in dict.fromkeys(filter(None, map(_made_by, found))):
                makers[name] = (*makers.get(name, ()), key)
        unknown = any(map(_is_unknown, (one for found in nodes.values() for one in found)))
        return cls(tuple(nodes), makers, unknown)


def _made_by(operation: Operation) -> str:
    """The model that an operation makes, empty for none."""
    if isinstance(operation, operations.CreateModel):
        return operation.name.lower()
    return operation.new_name.lower() if isinstance(operation, operations.RenameModel) else ""


def _is_unknown(operation: Operation) -> bool:
    return not type(operation).__module__.startswith("django.")


def _of_state(found: Iterable[Operation]) -> Iterator[Operation]:
    """The operations, and those that change the state only."""
    for one in found:
        if isinstance(one, operations.SeparateDatabaseAndState):
            yield from _of_state(one.state_operations)
        else:
            yield one


def _installed() -> MigrationGraph | None:
    # Squashed migrations and those that they replace, side by side: any of them may be the one that runs.
    try:
        loader = MigrationLoader(None, replace_migrations=False)
    except (BadMigrationError, CircularDependencyError, NodeNotFoundError):
        return None
    graph: MigrationGraph = loader.graph
    return graph
