"""What going back over a migration could not do, and what it would lose: said before a run starts, not when it is too late."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, connections

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.changes import Change
from django_safe_migrate.analysis.column_types import loses_values
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.losses import losses
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.walking import Part, walk_migration, walk_plan
from django_safe_migrate.sql.reading import read

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.plan import Plan, PlannedMigration


@dataclasses.dataclass(frozen=True, slots=True)
class Loss:
    """Values that do not survive going back; ``column`` is empty for a whole table, ``what`` says how they are lost."""

    table: str
    column: str
    what: str

    @property
    def description(self) -> str:
        """The loss as a clause, such as ``column note of shop_order is dropped with its values``."""
        subject = f"column {self.column} of {self.table}" if self.column else f"table {self.table}"
        return f"{subject} {self.what}" if self.table else self.what


@dataclasses.dataclass(frozen=True, slots=True)
class RollbackOutlook:
    """What going back over a migration cannot do at all, and what it loses."""

    irreversible: tuple[str, ...]
    lossy: tuple[Loss, ...]


def outlook(
    planned: PlannedMigration, state: ProjectState, using: str = DEFAULT_DB_ALIAS
) -> RollbackOutlook:
    """Return the outlook of one migration; ``state`` is the project state without it, in both directions."""
    return _outlook(planned, walk_migration(planned, state), _schema(using))


def outlooks(plan: Plan, state: ProjectState) -> tuple[RollbackOutlook, ...]:
    """Return the outlook of each migration of a plan; ``state`` is the project state without any of them, in both directions."""
    schema = _schema(plan.database)
    return tuple(_outlook(planned, parts, schema) for planned, parts in walk_plan(plan, state))


def _schema(using: str) -> Schema:
    connection = connections[using]
    return Schema(connection, live=connection.connection is not None)


def _outlook(planned: PlannedMigration, parts: tuple[Part, ...], schema: Schema) -> RollbackOutlook:
    in_order = parts[::-1] if planned.backwards else parts
    done = (
        change
        for part in in_order
        for change in derive(
            part.operation,
            Surroundings(planned.app_label, part.earlier, part.later, schema),
            backwards=False,
        )
    )
    return outlook_of(in_order, done, schema.connection.vendor)


def outlook_of(parts: Iterable[Part], done: Iterable[Change], vendor: str) -> RollbackOutlook:
    """Return the outlook of a migration's operations and of the changes that they make, both in the order of going forwards."""
    reasons = (
        f"{part.operation.describe()} has no reverse"
        for part in parts
        if not part.operation.reversible
    )
    irreversible = dict.fromkeys(reasons)
    lossy: dict[Loss, None] = {}
    created: set[str] = set()
    for change in done:
        if change.table in created:
            continue
        if isinstance(change, changes.TableCreated):
            created.add(change.table)
        irreversible.update(dict.fromkeys(_failing(change)))
        lossy.update(dict.fromkeys(_losses(change, vendor)))
    return RollbackOutlook(tuple(irreversible), tuple(lossy))


def _failing(change: Change) -> Iterator[str]:
    """What going back does that fails as soon as there are rows."""
    if isinstance(change, changes.ColumnDropped):
        column = change.column
        if column.must_be_given and not column.has_python_default:
            yield (
                f"column {column.name} of {change.table} is NOT NULL and has no default: "
                "it cannot be added again while the table has rows"
            )


@functools.singledispatch
def _losses(change: Change, vendor: str) -> Iterator[Loss]:
    return iter(())


@_losses.register
def _(change: changes.TableCreated, vendor: str) -> Iterator[Loss]:
    yield Loss(change.table, "", "is dropped with its rows")


@_losses.register
def _(change: changes.TableDropped, vendor: str) -> Iterator[Loss]:
    yield Loss(change.table, "", "comes back without its rows")


@_losses.register
def _(change: changes.ColumnAdded, vendor: str) -> Iterator[Loss]:
    if not change.column.generated:
        yield Loss(change.table, change.column.name, "is dropped with its values")


@_losses.register
def _(change: changes.ColumnDropped, vendor: str) -> Iterator[Loss]:
    if not change.column.generated:
        yield Loss(change.table, change.column.name, "comes back without its values")


@_losses.register
def _(change: changes.ColumnAltered, vendor: str) -> Iterator[Loss]:
    old, new = change.old.type, change.new.type
    if loses_values(vendor, old, new):
        yield Loss(change.table, change.new.name, f"keeps what {new} made of its values")
    if loses_values(vendor, new, old):
        yield Loss(change.table, change.new.name, f"cannot hold every {new} as {old}")


@_losses.register
def _(change: changes.StatementsRun, vendor: str) -> Iterator[Loss]:
    for statement in read(change.statements or (), vendor):
        for loss in losses(statement):
            yield Loss(
                "", "", f"hand-written SQL {loss.what}, and its reverse cannot bring that back"
            )
