"""Actions on columns, other than a change of type."""

from __future__ import annotations

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
from django_safe_migrate.databases.postgresql.facts.names import index_name
from django_safe_migrate.databases.statements import (
    AddColumn,
    ColumnDefinition,
    Default,
    DropColumn,
    DropDefault,
    DropNotNull,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
)


@action_effects.register
def _(action: AddColumn, altered: Altered) -> Effects:
    column, known = action.column, altered.known
    effects = locked(Mode.ACCESS_EXCLUSIVE, *altered.family)
    if action.if_not_exists and known.catalogue.column(altered.table, column.name) is not None:
        return effects
    if column.references:
        effects += locked(Mode.SHARE_ROW_EXCLUSIVE, *known.family(column.references))
        # Without a default every row has NULL, which references nothing.
        if column.default is not Default.NONE:
            effects += scanned(*known.with_rows(*known.family(column.references)))
    with_rows = known.with_rows(*altered.family)
    return effects + _values_of_new_column(column, with_rows, altered) + _new_index(column, altered)


def _values_of_new_column(
    column: ColumnDefinition, with_rows: tuple[str, ...], altered: Altered
) -> Effects:
    domain = altered.known.catalogue.domain(column.type)
    if (
        column.default is Default.VOLATILE
        or column.identity
        or column.generated == "stored"
        or (domain is not None and domain.constrained and column.generated != "virtual")
    ):
        return rewritten(*with_rows)
    has_value = column.default is not Default.NONE
    # Refused at the first row: where there are rows, no others are read.
    if not (column.null or has_value or column.generated):
        return NOTHING
    if column.check or (column.references and has_value):
        return scanned(*with_rows)
    # The expression of a virtual column may give NULL.
    if not column.null and not has_value:
        return scanned(*with_rows)
    return NOTHING


def _new_index(column: ColumnDefinition, altered: Altered) -> Effects:
    suffix = "pkey" if column.primary_key else "key" if column.unique else ""
    if not suffix:
        return NOTHING
    columns = () if column.primary_key else (column.name,)
    effects = NOTHING
    for table in altered.known.with_rows(*altered.family):
        effects += built(table, index=index_name(table, columns, suffix))
    return effects


@action_effects.register
def _(action: DropColumn, altered: Altered) -> Effects:
    """Its foreign keys go away with it, and those of other tables to it on CASCADE: the tables on both sides are locked."""
    known = altered.known
    effects = locked(Mode.ACCESS_EXCLUSIVE, *altered.family)
    keys = known.foreign_keys(altered.table)
    if keys is None:
        effects += unsure(
            f"Whether column {action.column} has a foreign key, whose referenced table is locked as well, is not known."
        )
    for key in keys or ():
        if action.column in key.columns:
            effects += locked(Mode.ACCESS_EXCLUSIVE, *known.family(key.references))
    return effects + _dependants_of(action, altered) if action.cascade else effects


def _dependants_of(action: DropColumn, altered: Altered) -> Effects:
    known = altered.known
    views = known.catalogue.dependants(altered.table, action.column)
    keys = known.keys_to(altered.table)
    dependants = locked(
        Mode.ACCESS_EXCLUSIVE,
        *(views or ()),
        *(table for table, key in keys or () if action.column in key.referenced_columns),
    )
    if views is None or keys is None:
        dependants += unsure(
            f"Which views and foreign keys go away with column {action.column} is not known."
        )
    return dependants


@action_effects.register
def _(action: RenameColumn, altered: Altered) -> Effects:
    return locked(Mode.ACCESS_EXCLUSIVE, *altered.family)


@action_effects.register
def _(action: SetDefault | DropDefault | DropNotNull, altered: Altered) -> Effects:
    return locked(Mode.ACCESS_EXCLUSIVE, *altered.family)


@action_effects.register
def _(action: RenameTable, altered: Altered) -> Effects:
    return locked(Mode.ACCESS_EXCLUSIVE, altered.table)


@action_effects.register
def _(action: SetNotNull, altered: Altered) -> Effects:
    """Rows are read unless a constraint proves already that none has NULL."""
    known = altered.known
    unproven = [table for table in altered.family if not known.holds_no_null(table, action.column)]
    return locked(Mode.ACCESS_EXCLUSIVE, *altered.family) + scanned(*known.with_rows(*unproven))
