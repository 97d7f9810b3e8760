"""ALTER COLUMN ... TYPE, with what it does to indexes, constraints and other tables."""

from __future__ import annotations

from django_safe_migrate.databases.facts import ConstraintDefinition
from django_safe_migrate.databases.postgresql.facts.dispatch import Altered, action_effects
from django_safe_migrate.databases.postgresql.facts.effects import (
    NOTHING,
    Effects,
    Mode,
    built,
    locked,
    rewritten,
    scanned,
    unsure,
)
from django_safe_migrate.databases.postgresql.facts.types import (
    TypeChange,
    is_array,
    is_between_timestamps,
    type_change,
)
from django_safe_migrate.databases.statements import AlterColumnType, ConstraintKind


@action_effects.register
def _(action: AlterColumnType, altered: Altered) -> Effects:
    cost, doubt = _cost(action, altered)
    effects = locked(Mode.ACCESS_EXCLUSIVE, *altered.family) + doubt
    with_rows = altered.known.with_rows(*altered.family)
    if cost is TypeChange.REWRITE:
        effects += rewritten(*with_rows)
    else:
        for table in with_rows:
            effects += _indexes(action, table, cost, altered)
    return effects + _constraints(action.column, cost, altered)


def _cost(action: AlterColumnType, altered: Altered) -> tuple[TypeChange, Effects]:
    """Return what the change costs at worst, and why that is not certain."""
    catalogue = altered.known.catalogue
    column = catalogue.column(altered.table, action.column)
    old = action.old_type or (column.type if column is not None else "")
    if not old or not action.type:
        return TypeChange.REWRITE, unsure(f"The type of column {action.column} is not known.")
    was = column.collation if column is not None else ""
    cost = type_change(
        old,
        action.type,
        timezone=catalogue.timezone,
        same_collation=action.collation == was,
        domains=catalogue.domain,
    )
    if (
        cost is TypeChange.REWRITE
        and catalogue.timezone is None
        and is_between_timestamps(old, action.type)
    ):
        return cost, unsure("The time zone of the session is not known.")
    if action.using and cost is not TypeChange.REWRITE:
        return TypeChange.REWRITE, unsure(
            f"What the expression of USING does to column {action.column} is not known."
        )
    return cost, NOTHING


def _indexes(action: AlterColumnType, table: str, cost: TypeChange, altered: Altered) -> Effects:
    """
    Indexes with an expression or a condition are always built anew; plain ones only where their order may change.

    So are those on the elements of an array, even where its type stays as it is: PostgreSQL compares the array with the element.
    """
    indexes = altered.known.catalogue.indexes(table)
    if indexes is None:
        return built(table) if cost is TypeChange.INDEXES else NOTHING
    effects = NOTHING
    for index in indexes:
        kept = not index.computed_from and (index.method == "btree" or not is_array(action.type))
        on_column = action.column in (*index.columns, *index.computed_from)
        if on_column and (cost is TypeChange.INDEXES or not kept):
            effects += built(table, index=index.name)
    return effects


def _constraints(column: str, cost: TypeChange, altered: Altered) -> Effects:
    """Constraints on the column are dropped and made anew: foreign keys lock the tables on both sides, checks are checked."""
    known = altered.known
    constraints = known.catalogue.constraints(altered.table)
    keys = known.keys_to(altered.table)
    if constraints is None or keys is None:
        return unsure(
            f"Which constraints column {column} has is not known; tables of its foreign keys are locked as well."
        )
    effects = NOTHING
    for constraint in constraints:
        if column not in constraint.columns:
            continue
        if constraint.kind is ConstraintKind.CHECK and constraint.validated:
            effects += scanned(*known.with_rows(*altered.family))
        elif constraint.kind is ConstraintKind.FOREIGN_KEY:
            effects += _remade(constraint.references, constraint, cost, altered)
    for table, key in keys:
        if column in key.referenced_columns:
            effects += _remade(table, key, cost, altered)
    return effects


def _remade(table: str, key: ConstraintDefinition, cost: TypeChange, altered: Altered) -> Effects:
    known = altered.known
    effects = locked(Mode.ACCESS_EXCLUSIVE, *known.family(table))
    if cost is not TypeChange.FREE and key.validated:
        effects += scanned(*known.with_rows(*altered.family, *known.family(table)))
    return effects
