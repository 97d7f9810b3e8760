"""Which parts a migration is better made of on a database, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from django.db.migrations import operations

from django_safe_migrate.safer import postgresql
from django_safe_migrate.safer.parts import Moment, NoVariant, Part, Variant
from django_safe_migrate.sql.states import advance, state_of
from django_safe_migrate.sql.tables import model_names

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations import Migration
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations.base import Operation
    from django.db.migrations.state import ProjectState

    from django_safe_migrate.safer.written import JustWritten

Key = tuple[str, str]

_VARIANTS = {"postgresql": postgresql.VARIANTS}
#: They change what Django knows of a model, and nothing in the database.
_STATE_ONLY = (operations.AlterModelOptions, operations.AlterModelManagers)
_ONE_EACH = "one migration for each operation, because the server commits each of them at once: what is recorded is then what was done"


@dataclasses.dataclass(frozen=True, slots=True)
class Rewriting:
    """
    A migration as it would be written more safely.

    ``reasons`` are lines about what becomes different, ``remarks`` about what could not; ``parts`` are empty when all stays.
    """

    migration: Migration
    parts: tuple[Part, ...]
    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """App label and name of the migration as it was written."""
        return self.migration.app_label, self.migration.name


def rewritings_of(written: JustWritten, connection: BaseDatabaseWrapper) -> tuple[Rewriting, ...]:
    """Return a rewriting for each of the migrations just written; the tables that they make are new, and need no care."""
    created = {
        (migration.app_label, operation.name_lower)
        for migration in written.migrations
        for operation in migration.operations
        if isinstance(operation, operations.CreateModel)
    }
    return tuple(
        _rewriting(migration, _state_before(written.loader, migration), created, connection)
        for migration in written.migrations
    )


def _state_before(loader: MigrationLoader, migration: Migration) -> ProjectState:
    key = (migration.app_label, migration.name)
    return state_of(loader, set(loader.graph.forwards_plan(key)) - {key})


def _rewriting(
    migration: Migration,
    state: ProjectState,
    created: Collection[Key],
    connection: BaseDatabaseWrapper,
) -> Rewriting:
    if not connection.features.can_rollback_ddl:
        return _one_each(migration)
    found = list(_variants(migration, state, created, connection))
    reasons = [f"{op.describe()}: {one.how}" for op, one in found if isinstance(one, Variant)]
    remarks = [f"{op.describe()}: {one.why}" for op, one in found if isinstance(one, NoVariant)]
    parts = tuple(_parts(found)) if reasons else ()
    return Rewriting(migration, parts, tuple(reasons), tuple(remarks))


def _one_each(migration: Migration) -> Rewriting:
    changing = [op for op in migration.operations if not isinstance(op, _STATE_ONLY)]
    if len(changing) < 2 or all(isinstance(op, operations.CreateModel) for op in changing):
        return Rewriting(migration, (), ())
    parts = tuple(Part((operation,)) for operation in migration.operations)
    label = f"{len(parts)} operations of {migration.app_label}.{migration.name}"
    return Rewriting(migration, parts, (f"{label}: {_ONE_EACH}",))


def _variants(
    migration: Migration,
    state: ProjectState,
    created: Collection[Key],
    connection: BaseDatabaseWrapper,
) -> Iterator[tuple[Operation, Variant | NoVariant | None]]:
    known = _VARIANTS.get(connection.vendor, {})
    for operation in migration.operations:
        variant = known.get(type(operation))
        moment = Moment(migration.app_label, state, connection.ops.max_name_length())
        if variant is None or not _is_existing_table(operation, moment, created):
            yield operation, None
        else:
            yield operation, variant(operation, moment)
        state = advance(state, operation, migration.app_label)


def _is_existing_table(operation: Any, moment: Moment, created: Collection[Key]) -> bool:
    names = {(moment.app_label, name) for name in model_names(operation)}
    if names & set(created):
        return False
    options = moment.model(operation.model_name).options
    return bool(options.get("managed", True)) and not options.get("proxy", False)


def _parts(found: list[tuple[Operation, Variant | NoVariant | None]]) -> Iterator[Part]:
    """Those that stay as they are stay together, as long as nothing comes between."""
    together: list[Operation] = []
    for operation, variant in found:
        if not isinstance(variant, Variant):
            together.append(operation)
            continue
        if together:
            yield Part(tuple(together))
            together = []
        yield from variant.parts
    if together:
        yield Part(tuple(together))
