"""Whole tables: made, altered, emptied, locked, dropped."""

from __future__ import annotations

from django_safe_migrate.databases.postgresql.facts.dispatch import (
    Altered,
    action_effects,
    statement_effects,
)
from django_safe_migrate.databases.postgresql.facts.effects import (
    NOTHING,
    Effects,
    Mode,
    locked,
    rewritten,
    scanned,
    unsure,
    worst,
)
from django_safe_migrate.databases.postgresql.facts.known import Known
from django_safe_migrate.databases.postgresql.facts.partitions import (
    displaced_from_default,
    own_foreign_keys,
)
from django_safe_migrate.databases.statements import (
    AlterTable,
    CreateTable,
    DropTable,
    LockTable,
    RemakeTable,
    Truncate,
)


@statement_effects.register
def _(statement: AlterTable, known: Known) -> Effects:
    """Several actions share one lock, the strictest, from beginning to end."""
    tables = (statement.table,) if statement.only else known.family(statement.table)
    altered = Altered(statement.table, tables, known)
    effects = NOTHING
    for action in statement.actions:
        effects += action_effects(action, altered)
    return effects


@statement_effects.register
def _(statement: CreateTable, known: Known) -> Effects:
    """The table is new; what it references, or is a partition of, is not."""
    if statement.if_not_exists and known.catalogue.exists(statement.table):
        return NOTHING
    effects = NOTHING
    for referenced in statement.references:
        if referenced != statement.table:
            effects += locked(Mode.SHARE_ROW_EXCLUSIVE, *known.family(referenced))
    effects += locked(Mode.ACCESS_SHARE, *statement.reads) + scanned(*statement.reads)
    if statement.partition_of:
        effects += locked(Mode.ACCESS_EXCLUSIVE, statement.partition_of)
        effects += displaced_from_default(statement.partition_of, known)
        for key in known.foreign_keys(statement.partition_of) or ():
            effects += locked(Mode.SHARE_ROW_EXCLUSIVE, *known.family(key.references))
    return effects


@statement_effects.register
def _(statement: DropTable, known: Known) -> Effects:
    """Tables on the other side of foreign keys are locked as well."""
    if statement.temporary:
        return NOTHING
    effects = NOTHING
    for table in statement.tables:
        if known.catalogue.exists(table) is False:
            continue
        effects += locked(Mode.ACCESS_EXCLUSIVE, *known.family(table)) + _parent(table, known)
        keys = own_foreign_keys(table, known)
        if keys is None:
            effects += unsure(
                f"Which tables the foreign keys of {table} reference is not known; they are locked as well."
            )
        for key in keys or ():
            effects += locked(Mode.ACCESS_EXCLUSIVE, *known.family(key.references))
        if statement.cascade:
            effects += _dependants(table, known)
    return effects


def _parent(table: str, known: Known) -> Effects:
    parent = known.catalogue.partition_of(table)
    default = known.catalogue.default_partition(parent) if parent else ""
    return locked(Mode.ACCESS_EXCLUSIVE, *(name for name in (parent, default) if name))


def _dependants(table: str, known: Known) -> Effects:
    views = known.catalogue.dependants(table)
    referencing = known.catalogue.referencing(table)
    effects = locked(Mode.ACCESS_EXCLUSIVE, *(views or ()), *(referencing or ()))
    if views is None or referencing is None:
        effects += unsure(f"Which views and foreign keys go away with {table} is not known.")
    return effects


@statement_effects.register
def _(statement: Truncate, known: Known) -> Effects:
    """Nothing is read or written, however many rows there are."""
    found = list(dict.fromkeys(statement.tables))
    effects = NOTHING
    # The list grows while it is gone through: what references a referencing table is emptied as well.
    for table in found:
        effects += locked(Mode.ACCESS_EXCLUSIVE, *known.family(table))
        if not statement.cascade:
            continue
        referencing = known.catalogue.referencing(table)
        if referencing is None:
            effects += unsure(
                f"Which tables reference {table} is not known; they are emptied as well."
            )
        found += [other for other in referencing or () if other not in found]
    return effects


@statement_effects.register
def _(statement: LockTable, known: Known) -> Effects:
    try:
        mode = Mode.of_words(statement.mode) if statement.mode else Mode.ACCESS_EXCLUSIVE
    except KeyError:
        return worst(*statement.tables, reason=f"PostgreSQL has no lock mode {statement.mode}.")
    return locked(mode, *(name for table in statement.tables for name in known.family(table)))


@statement_effects.register
def _(statement: RemakeTable, known: Known) -> Effects:
    tables = (statement.table, *statement.also)
    return locked(Mode.ACCESS_EXCLUSIVE, *tables) + rewritten(*tables)
