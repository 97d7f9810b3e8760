"""Actions on constraints."""

from __future__ import annotations

from collections.abc import Callable

from django_safe_migrate.databases.postgresql.facts.dispatch import Altered, action_effects
from django_safe_migrate.databases.postgresql.facts.effects import (
    NOTHING,
    Effects,
    Mode,
    built,
    locked,
    scanned,
    unsure,
    worst,
)
from django_safe_migrate.databases.postgresql.facts.names import index_name
from django_safe_migrate.databases.statements import (
    AddConstraint,
    ConstraintKind,
    DropConstraint,
    ValidateConstraint,
)

_SUFFIXES = {
    ConstraintKind.EXCLUDE: "excl",
    ConstraintKind.PRIMARY_KEY: "pkey",
    ConstraintKind.UNIQUE: "key",
}


@action_effects.register
def _(action: AddConstraint, altered: Altered) -> Effects:
    return _ADDED[action.kind](action, altered)


def _add_check(action: AddConstraint, altered: Altered) -> Effects:
    lock = locked(Mode.ACCESS_EXCLUSIVE, *altered.family)
    return lock if action.not_valid else lock + scanned(*altered.known.with_rows(*altered.family))


def _add_not_null(action: AddConstraint, altered: Altered) -> Effects:
    lock = locked(Mode.ACCESS_EXCLUSIVE, *altered.family)
    if action.not_valid:
        return lock
    return lock + _scan_for_null(altered, action.columns, altered.family)


def _scan_for_null(altered: Altered, columns: tuple[str, ...], tables: tuple[str, ...]) -> Effects:
    known = altered.known
    unproven = (
        table
        for table in tables
        if not all(known.holds_no_null(table, column) for column in columns)
    )
    return scanned(*known.with_rows(*unproven))


def _add_foreign_key(action: AddConstraint, altered: Altered) -> Effects:
    """
    Both tables are locked against writes, so that triggers can be put on both.

    Of the referenced table nothing is read where the other one has no rows to look up: the join ends before it (measured).
    """
    known = altered.known
    if not action.references:
        return worst(reason="Which table the foreign key references is not known.")
    tables = (*altered.family, *known.family(action.references))
    lock = locked(Mode.SHARE_ROW_EXCLUSIVE, *tables)
    if action.not_valid or known.catalogue.exists(altered.table) is False:
        return lock
    return lock + scanned(*known.with_rows(*tables))


def _add_index_constraint(action: AddConstraint, altered: Altered) -> Effects:
    lock = locked(Mode.ACCESS_EXCLUSIVE, altered.table)
    if action.using_index:
        return lock + _take_over_index(action, altered)
    # Measured on 16 and 18; on 17 the worse is assumed.
    mode = Mode.ACCESS_EXCLUSIVE if altered.known.since(17) else Mode.SHARE
    lock += locked(mode, *altered.family)
    columns = () if action.kind is ConstraintKind.PRIMARY_KEY else action.columns
    for table in altered.known.with_rows(*altered.family):
        given = action.name if table == altered.table else ""
        name = given or index_name(table, columns, _SUFFIXES[action.kind])
        lock += built(table, index=name)
    return lock


def _take_over_index(action: AddConstraint, altered: Altered) -> Effects:
    """A primary key makes its columns NOT NULL, for which the table is read unless that is certain."""
    if action.kind is not ConstraintKind.PRIMARY_KEY:
        return NOTHING
    index = altered.known.index(altered.table, action.using_index)
    if index is None:
        return scanned(altered.table) + unsure(
            f"Whether the columns of index {action.using_index} are NOT NULL is not known."
        )
    return _scan_for_null(altered, index.columns, (altered.table,))


def _add_unknown(action: AddConstraint, altered: Altered) -> Effects:
    return worst(*altered.family, reason=f"The kind of constraint {action.name} is not known.")


_ADDED: dict[ConstraintKind, Callable[[AddConstraint, Altered], Effects]] = {
    ConstraintKind.CHECK: _add_check,
    ConstraintKind.EXCLUDE: _add_index_constraint,
    ConstraintKind.FOREIGN_KEY: _add_foreign_key,
    ConstraintKind.NOT_NULL: _add_not_null,
    ConstraintKind.PRIMARY_KEY: _add_index_constraint,
    ConstraintKind.UNIQUE: _add_index_constraint,
    ConstraintKind.UNKNOWN: _add_unknown,
}


@action_effects.register
def _(action: ValidateConstraint, altered: Altered) -> Effects:
    known = altered.known
    lock = locked(Mode.SHARE_UPDATE_EXCLUSIVE, *altered.family)
    constraint = known.constraint(altered.table, action.name)
    if constraint is None:
        return lock + scanned(*known.with_rows(*altered.family))
    if constraint.validated:
        return locked(Mode.SHARE_UPDATE_EXCLUSIVE, altered.table)
    if constraint.kind is ConstraintKind.FOREIGN_KEY:
        referenced = known.family(constraint.references)
        lock += locked(Mode.ROW_SHARE, *referenced)
        if known.catalogue.exists(altered.table) is not False:
            lock += scanned(*known.with_rows(*referenced))
    return lock + scanned(*known.with_rows(*altered.family))


@action_effects.register
def _(action: DropConstraint, altered: Altered) -> Effects:
    """A foreign key has triggers on both tables, so both are locked; other kinds concern their table alone."""
    known = altered.known
    found = known.constraint(altered.table, action.name)
    kind = found.kind if found is not None else action.kind
    references = found.references if found is not None else action.references
    effects = locked(Mode.ACCESS_EXCLUSIVE, *altered.family)
    if kind is ConstraintKind.FOREIGN_KEY and references:
        return effects + locked(Mode.ACCESS_EXCLUSIVE, *known.family(references))
    if kind in {ConstraintKind.FOREIGN_KEY, ConstraintKind.UNKNOWN}:
        missing = known.catalogue.constraints(altered.table) is not None and action.if_exists
        return effects if missing else effects + unsure(_REFERENCED.format(name=action.name))
    if action.cascade and kind in {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE}:
        return effects + _referencing(action, altered)
    return effects


_REFERENCED = "Which table constraint {name} references, if it is a foreign key, is not known; that table is locked as well."


def _referencing(action: DropConstraint, altered: Altered) -> Effects:
    found = altered.known.constraint(altered.table, action.name)
    keys = altered.known.keys_to(altered.table)
    if found is None or keys is None:
        return unsure(f"Which foreign keys go away with constraint {action.name} is not known.")
    tables = (table for table, key in keys if set(key.referenced_columns) == set(found.columns))
    return locked(Mode.ACCESS_EXCLUSIVE, *tables)
