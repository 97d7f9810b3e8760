"""Indexes: made, dropped, renamed, built anew."""

from __future__ import annotations

from django_safe_migrate.databases.postgresql.facts.dispatch import statement_effects
from django_safe_migrate.databases.postgresql.facts.effects import (
    ALONE,
    CONCURRENT,
    NOTHING,
    Effects,
    Mode,
    built,
    locked,
    unsure,
)
from django_safe_migrate.databases.postgresql.facts.known import Known
from django_safe_migrate.databases.postgresql.facts.names import index_name
from django_safe_migrate.databases.statements import (
    AlterIndex,
    CreateIndex,
    DropIndex,
    Reindex,
)


@statement_effects.register
def _(statement: CreateIndex, known: Known) -> Effects:
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else Mode.SHARE
    tables = (statement.table,) if statement.only else known.family(statement.table)
    lock = locked(mode, *tables)
    if statement.concurrently:
        lock += CONCURRENT
    if statement.if_not_exists and known.catalogue.index_table(statement.name):
        return locked(mode, statement.table) + Effects(
            refused_in_transaction=statement.concurrently
        )
    for table in known.with_rows(*tables):
        given = statement.name if table == statement.table else ""
        lock += built(table, index=given or index_name(table, statement.columns, "idx"))
    return lock


@statement_effects.register
def _(statement: DropIndex, known: Known) -> Effects:
    """The index is locked and its table with it, both in the same mode."""
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else Mode.ACCESS_EXCLUSIVE
    effects = CONCURRENT if statement.concurrently else NOTHING
    for name in statement.names:
        table = known.catalogue.index_table(name)
        if table == "" and statement.if_exists:
            continue
        effects += _on_table_of(name, statement.table or table, mode, known)
    return effects


def _on_table_of(index: str, table: str | None, mode: Mode, known: Known) -> Effects:
    if table:
        return locked(mode, *known.family(table))
    return locked(mode, "") + unsure(f"The table of index {index} is not known.")


@statement_effects.register
def _(statement: AlterIndex, known: Known) -> Effects:
    """A new name or option locks the index in a mode that keeps nobody from its table."""
    keywords = statement.keywords.upper()
    table = statement.table or known.catalogue.index_table(statement.name)
    if keywords.startswith("SET TABLESPACE"):
        moved = _on_table_of(statement.name, table, Mode.ACCESS_EXCLUSIVE, known)
        return moved + built(table or "", index=statement.name)
    if keywords.startswith("ATTACH PARTITION"):
        # The attached index is locked so, and with it its table, which the statement does not name.
        candidates = known.family(table)[1:] if table else ("",)
        return locked(Mode.ACCESS_EXCLUSIVE, *candidates) + unsure(
            f"Which partition has the index that is attached to {statement.name} is not known."
        )
    return NOTHING


@statement_effects.register
def _(statement: Reindex, known: Known) -> Effects:
    """
    Without CONCURRENTLY nobody reads the table either.

    The table itself is locked in SHARE mode only, but each index in ACCESS EXCLUSIVE mode, which every query of the table needs.
    """
    mode = Mode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else Mode.ACCESS_EXCLUSIVE
    effects = CONCURRENT if statement.concurrently else NOTHING
    if statement.kind not in {"index", "table"}:
        return effects + ALONE + locked(mode, "") + built("")
    table: str | None = statement.name
    index = ""
    if statement.kind == "index":
        table, index = known.catalogue.index_table(statement.name), statement.name
    if not table:
        return effects + _on_table_of(index, table, mode, known) + built("", index=index)
    if known.catalogue.kind(table) == "partitioned":
        effects += ALONE
    return effects + _rebuilt(table, index, mode, known)


def _rebuilt(table: str, index: str, mode: Mode, known: Known) -> Effects:
    tables = known.family(table)
    share = Mode.SHARE if mode is Mode.ACCESS_EXCLUSIVE else mode
    effects = NOTHING
    for each in known.with_rows(*tables):
        has_indexes = known.catalogue.indexes(each) != ()
        effects += locked(mode if has_indexes else share, each)
        effects += built(each, index=index if each == table else "")
    return effects
