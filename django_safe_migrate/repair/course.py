"""The way of a migration through the database: what the catalogue must show before, between and after its operations."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations.operations import RunPython, SeparateDatabaseAndState

from django_safe_migrate.repair.facets import Facet, FacetReader, Kind
from django_safe_migrate.repair.present import Present
from django_safe_migrate.sql.collecting import Confidence, collect
from django_safe_migrate.sql.moves import Move, isolated_state, moves
from django_safe_migrate.sql.tables import flat

if TYPE_CHECKING:
    from django.db.migrations import Migration
    from django.db.migrations.state import ProjectState
    from django.db.models import Model

    from django_safe_migrate.databases import Database

#: What Django makes at the end of the migration, or with a second statement, when it belongs to a new table.
_LATER_WITH_TABLE = frozenset(
    {Kind.UNIQUE, Kind.FIELD_INDEX, Kind.INDEX, Kind.CONSTRAINT, Kind.FOREIGN_KEY}
)
_LATER_WITH_COLUMN = frozenset({Kind.FIELD_INDEX, Kind.FOREIGN_KEY})


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """
    One migration.

    ``moves`` are its operations forwards, with states; ``points[k]`` is what the database has after ``k`` of them. ``varying`` are the
    facets that some points have and others do not; ``later`` those that may still lack when their operation is finished, since Django
    makes them at the end.
    """

    migration: Migration
    state: ProjectState
    moves: tuple[Move, ...]
    points: tuple[frozenset[Facet], ...]
    varying: frozenset[Facet]
    later: frozenset[Facet]

    @property
    def length(self) -> int:
        """How many operations it has."""
        return len(self.moves)

    @property
    def final_state(self) -> ProjectState:
        """The state after the last operation."""
        return self.moves[-1].to_state if self.moves else self.state

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it makes, drops or changes."""
        return frozenset(facet.table for facet in self.varying)

    def matches(self, point: int, there: frozenset[Facet]) -> bool:
        """Whether the database can be at a point; ``there`` are the varying facets that it has."""
        wanted = self.points[point] & self.varying
        return there <= wanted and wanted - there <= self.later

    def is_between(self, point: int, there: frozenset[Facet]) -> bool:
        """Whether the database can be within the operation that leads from a point to the next one."""
        before, after = self.points[point] & self.varying, self.points[point + 1] & self.varying
        return there <= before | after and (before & after) - there <= self.later

    def there(self, present: Present) -> frozenset[Facet]:
        """Return the varying facets that the database has."""
        return self.varying - present.missing(self.varying)

    def runs_code(self, place: int) -> bool:
        """Whether an operation runs Python or SQL of the project, whose effect no catalogue shows."""
        return any(_is_code(part) for part in flat(self.moves[place].operation))

    def without_effect(self, database: Database) -> frozenset[int]:
        """Return the operations that do nothing in the database: Django writes no SQL for them."""
        quiet = {
            place
            for place, move in enumerate(self.moves)
            if self.points[place] == self.points[place + 1]
        }
        if not quiet:
            return frozenset()
        noop = {place for place in quiet if _is_noop(self.moves[place].operation)}
        found = collect(database.connection, self.migration, self.state) if quiet - noop else ()
        silent = {
            one.index for one in found if not one.statements and one.confidence is Confidence.EXACT
        }
        return frozenset(noop | (quiet & silent))


def chart(
    migration: Migration, state: ProjectState, database: Database, present: Present
) -> Course:
    """
    Return the course of a migration.

    Args:
        migration: as it is on disk.
        state: the project's state without it; it is not changed.
        database: whose types and indexes count.
        present: what the database has, asked only what it knows.
    """
    state = isolated_state(state)
    separate: Any = copy.copy(migration)
    # Apart from each other, so that each place is an object of its own.
    separate.operations = [copy.copy(operation) for operation in migration.operations]
    reader = FacetReader(database, knows_columns=present.knows_columns)
    steps = tuple(moves(separate, state, backwards=False))
    points = [reader.facets(_concerned(state, migration.app_label))]
    later: set[Facet] = set()
    for move in steps:
        before = reader.facets(_concerned(move.from_state, migration.app_label))
        after = reader.facets(_concerned(_state_of_database(move), migration.app_label))
        gone, new = before - after, after - before
        later |= _made_later(new) | _made_later(gone)
        points.append((points[-1] - gone) | new)
    union = frozenset().union(*points)
    common = points[0].intersection(*points[1:])
    return Course(migration, state, steps, tuple(points), union - common, frozenset(later))


def _concerned(state: ProjectState, app_label: str) -> Iterator[type[Model]]:
    """The models of an app, and those related to them, which a change of a key changes too."""
    for model in state.apps.get_models(include_auto_created=True):
        related = (
            field.remote_field.model
            for field in model._meta.local_concrete_fields
            if field.remote_field
        )
        labels = {getattr(one, "_meta", model._meta).app_label for one in related}
        if app_label in {model._meta.app_label, *labels}:
            yield model


def _state_of_database(move: Move) -> ProjectState:
    """The state that the database is brought to, where an operation tells the state something else."""
    operation = move.operation
    if not isinstance(operation, SeparateDatabaseAndState):
        return move.to_state
    state = move.from_state.clone()
    for part in operation.database_operations:
        part.state_forwards(move.app_label, state)
    return state


def _made_later(facets: frozenset[Facet]) -> set[Facet]:
    tables = {facet.table for facet in facets if facet.kind is Kind.TABLE}
    columns = {(facet.table, facet.columns) for facet in facets if facet.kind is Kind.COLUMN}
    return {
        facet
        for facet in facets
        if (facet.kind in _LATER_WITH_TABLE and facet.table in tables)
        or (facet.kind in _LATER_WITH_COLUMN and (facet.table, facet.columns) in columns)
    }


def _is_code(operation: Any) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return False
    is_djangos = type(operation).__module__.startswith(("django.db.migrations.", "django.contrib."))
    return not is_djangos or type(operation).__name__ in {"RunPython", "RunSQL"}


def _is_noop(operation: Any) -> bool:
    return isinstance(operation, RunPython) and operation.code is RunPython.noop
