"""Partitions that come and go."""

from __future__ import annotations

from django_safe_migrate.databases.facts import ConstraintDefinition, IndexDefinition
from django_safe_migrate.databases.postgresql.facts.dispatch import Altered, action_effects
from django_safe_migrate.databases.postgresql.facts.effects import (
    CONCURRENT,
    NOTHING,
    Effects,
    Mode,
    built,
    locked,
    scanned,
    unsure,
)
from django_safe_migrate.databases.postgresql.facts.known import Known
from django_safe_migrate.databases.postgresql.facts.names import index_name
from django_safe_migrate.databases.statements import (
    AttachPartition,
    ConstraintKind,
    DetachPartition,
)


def displaced_from_default(table: str, known: Known) -> Effects:
    """A new partition takes its rows from the default one, which is read to see that it has none of them."""
    default = known.catalogue.default_partition(table)
    if default is None:
        return unsure(
            f"A default partition of {table}, if there is one, is locked and read as well."
        )
    if not default:
        return NOTHING
    tables = known.family(default)
    return locked(Mode.ACCESS_EXCLUSIVE, *tables) + scanned(*known.with_rows(*tables))


@action_effects.register
def _(action: AttachPartition, altered: Altered) -> Effects:
    known = altered.known
    tables = known.family(action.partition)
    effects = locked(Mode.SHARE_UPDATE_EXCLUSIVE, altered.table)
    effects += locked(Mode.ACCESS_EXCLUSIVE, *tables)
    effects += _rows_fit(action, tables, altered)
    effects += _indexes_of_parent(tables, altered) + _keys_of_parent(tables, altered)
    return effects if action.is_default else effects + displaced_from_default(altered.table, known)


def _rows_fit(action: AttachPartition, tables: tuple[str, ...], altered: Altered) -> Effects:
    """Rows are read unless a valid CHECK implies the bounds, which is not worked out here."""
    known = altered.known
    scan = scanned(*known.with_rows(*tables))
    constraints = known.catalogue.constraints(action.partition)
    if any(check.kind is ConstraintKind.CHECK and check.validated for check in constraints or ()):
        scan += unsure(
            f"A CHECK of {action.partition} that implies the bounds would spare the reading."
        )
    return scan


def _indexes_of_parent(tables: tuple[str, ...], altered: Altered) -> Effects:
    """Every index of the parent is matched by one of the partition, or built there."""
    catalogue = altered.known.catalogue
    wanted = catalogue.indexes(altered.table)
    if wanted is None:
        return NOTHING
    effects = NOTHING
    for table in altered.known.with_rows(*tables):
        there = {_shape(index) for index in catalogue.indexes(table) or ()}
        for index in wanted:
            if _shape(index) not in there:
                suffix = "key" if index.constraint else "idx"
                effects += built(table, index=index_name(table, index.columns, suffix))
    return effects


def _shape(index: IndexDefinition) -> tuple[object, ...]:
    return index.columns, index.unique, index.method, index.computed_from


def _keys_of_parent(tables: tuple[str, ...], altered: Altered) -> Effects:
    """Foreign keys of the parent hold for the partition from now on."""
    known = altered.known
    effects = NOTHING
    for key in known.foreign_keys(altered.table) or ():
        referenced = known.family(key.references)
        effects += locked(Mode.SHARE_ROW_EXCLUSIVE, *referenced)
        effects += scanned(*known.with_rows(*referenced))
    return effects


@action_effects.register
def _(action: DetachPartition, altered: Altered) -> Effects:
    known = altered.known
    partition = locked(Mode.ACCESS_EXCLUSIVE, action.partition)
    # What the parent referenced for it, the partition references itself from now on.
    for key in known.foreign_keys(altered.table) or ():
        partition += locked(Mode.SHARE_ROW_EXCLUSIVE, *known.family(key.references))
    if action.concurrently:
        # The partition is locked so only for the last moment, when nobody uses it through its parent any more.
        return locked(Mode.SHARE_UPDATE_EXCLUSIVE, altered.table) + partition + CONCURRENT
    default = known.catalogue.default_partition(altered.table) or ""
    tables = (altered.table, default) if default else (altered.table,)
    return partition + locked(Mode.ACCESS_EXCLUSIVE, *tables)


def own_foreign_keys(table: str, known: Known) -> tuple[ConstraintDefinition, ...] | None:
    """The foreign keys of a table without those that it has as a partition, whose triggers are its parent's; None if not known."""
    keys = known.foreign_keys(table)
    parent = known.catalogue.partition_of(table)
    inherited = known.foreign_keys(parent) if parent else ()
    if keys is None:
        return None
    return tuple(
        key for key in keys if _meaning(key) not in {_meaning(of) for of in inherited or ()}
    )


def _meaning(key: ConstraintDefinition) -> tuple[object, ...]:
    return key.columns, key.references, key.referenced_columns
