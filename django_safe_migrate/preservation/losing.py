"""What an operation destroys, and what it brings back empty, in the direction that it is carried out in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations
from django.db.migrations.operations import SeparateDatabaseAndState

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.column_types import loses_values
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.preservation.registry import COLUMN, TABLE, TYPE
from django_safe_migrate.sql.states import advance

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.analysis.changes import Change
    from django_safe_migrate.analysis.schema import Column, Schema
    from django_safe_migrate.execution.keeping import Undertaking

_ONLY_ADDING = (
    operations.CreateModel,
    operations.AddField,
    operations.AddIndex,
    operations.AddConstraint,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """A table, a column, or values or rows that are changed; ``column`` is None for whole rows."""

    kind: str
    table: str
    column: Column | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The column, or nothing where all of them are meant."""
        return () if self.column is None else (self.column.name,)

    @property
    def key(self) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
        """What a side table is found by."""
        return self.kind, self.table, self.columns, ()

    @property
    def words(self) -> str:
        """What it is, such as ``column note of shop_order``."""
        return (
            f"column {self.column.name} of {self.table}" if self.column else f"table {self.table}"
        )


def only_adds(undertaking: Undertaking) -> bool:
    """Whether it is plain, without looking closer, that an operation destroys nothing."""
    return not undertaking.backwards and isinstance(undertaking.operation, _ONLY_ADDING)


def new_tables(undertaking: Undertaking) -> Iterator[str]:
    """Yield the tables that an operation makes, of those for which ``only_adds`` is true."""
    operation: Any = undertaking.operation
    apps, app_label = undertaking.after.apps, undertaking.migration.app_label
    if isinstance(operation, operations.CreateModel):
        options = apps.get_model(app_label, operation.name)._meta
        yield options.db_table
        fields = options.local_many_to_many
    elif isinstance(operation, operations.AddField):
        options = apps.get_model(app_label, operation.model_name)._meta
        fields = [one for one in options.local_many_to_many if one.name == operation.name]
    else:
        return
    for field in fields:
        through = field.remote_field.through
        # A swapped model has none.
        if isinstance(through, type) and through._meta.auto_created:  # type: ignore[attr-defined]
            yield through._meta.db_table  # type: ignore[attr-defined]


def changes_of(undertaking: Undertaking, schema: Schema) -> tuple[Change, ...]:
    """Return what an operation, with those nested in it, changes in the direction that it is carried out in."""
    app_label, backwards = undertaking.migration.app_label, undertaking.backwards
    parts = list(_parts(undertaking.operation, undertaking.before, undertaking.after, app_label))
    return tuple(
        change
        for operation, before, after in (reversed(parts) if backwards else parts)
        for change in derive(
            operation, Surroundings(app_label, before, after, schema), backwards=backwards
        )
    )


def _parts(
    operation: Operation, before: ProjectState, after: ProjectState, app_label: str
) -> Iterator[tuple[Operation, ProjectState, ProjectState]]:
    if not isinstance(operation, SeparateDatabaseAndState):
        yield operation, before, after
        return
    for nested in operation.database_operations:
        between = advance(before, nested, app_label)
        yield from _parts(nested, before, between, app_label)
        before = between


def destroyed(found: Iterable[Change], vendor: str) -> Iterator[Subject]:
    """Yield what changes destroy, but not of tables that they have made themselves."""
    made: set[str] = set()
    for change in found:
        if isinstance(change, changes.TableCreated):
            made.add(change.table)
        elif change.table in made:
            continue
        elif isinstance(change, changes.TableDropped):
            yield Subject(TABLE, change.table)
        elif isinstance(change, changes.ColumnDropped) and not change.column.generated:
            yield Subject(COLUMN, change.table, change.column)
        elif isinstance(change, changes.ColumnAltered) and _narrows(change, vendor):
            yield Subject(TYPE, change.table, change.old)


def brought_back(found: Iterable[Change]) -> Iterator[Subject]:
    """Yield what changes make anew, so that what was kept of it can be put back."""
    made: set[str] = set()
    for change in found:
        if isinstance(change, changes.TableCreated):
            made.add(change.table)
            yield Subject(TABLE, change.table)
        elif change.table in made:
            continue
        elif isinstance(change, changes.ColumnAdded) and not change.column.generated:
            yield Subject(COLUMN, change.table, change.column)
        elif isinstance(change, changes.ColumnAltered):
            yield Subject(TYPE, change.table, change.new)


def _narrows(change: changes.ColumnAltered, vendor: str) -> bool:
    old, new = change.old, change.new
    related = old.primary_key or new.primary_key or bool(old.references or new.references)
    generated = old.generated or new.generated
    return not (related or generated) and loses_values(vendor, old.type, new.type)
