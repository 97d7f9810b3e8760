"""What is not a table: views, triggers, types, functions and the rest."""

from __future__ import annotations

from collections.abc import Callable

from django_safe_migrate.databases.postgresql.facts.dispatch import statement_effects
from django_safe_migrate.databases.postgresql.facts.effects import (
    ALONE,
    NOTHING,
    Effects,
    Mode,
    locked,
    scanned,
    unsure,
    worst,
)
from django_safe_migrate.databases.postgresql.facts.known import Known
from django_safe_migrate.databases.statements import (
    AlterDomain,
    AlterEnum,
    ChangeTrigger,
    ChangeView,
    OtherObject,
)


@statement_effects.register
def _(statement: ChangeView, known: Known) -> Effects:
    """A new view locks nobody; what is behind it is only named, or read for a materialised one."""
    keywords = statement.keywords.upper()
    if keywords.startswith("CREATE"):
        reads = locked(Mode.ACCESS_SHARE, *statement.reads)
        if "MATERIALIZED" in keywords:
            return reads + scanned(*statement.reads)
        existing = (view for view in statement.views if "REPLACE" in keywords)
        return reads + locked(Mode.ACCESS_EXCLUSIVE, *existing)
    effects = locked(Mode.ACCESS_EXCLUSIVE, *statement.views)
    if not statement.cascade:
        return effects
    for view in statement.views:
        dependants = known.catalogue.dependants(view)
        effects += locked(Mode.ACCESS_EXCLUSIVE, *(dependants or ()))
        if dependants is None:
            effects += unsure(f"Which views go away with {view} is not known.")
    return effects


@statement_effects.register
def _(statement: ChangeTrigger, known: Known) -> Effects:
    """A new trigger leaves readers alone; policies and rules concern them as well."""
    keywords = statement.keywords.upper()
    if "EVENT TRIGGER" in keywords:
        return NOTHING
    tables = (statement.table,) if statement.table else ("",)
    effects = NOTHING if statement.table else unsure(f"The table of {statement.name} is not known.")
    if "TRIGGER" not in keywords:
        return effects + locked(Mode.ACCESS_EXCLUSIVE, *tables)
    created = keywords.startswith("CREATE")
    mode = Mode.SHARE_ROW_EXCLUSIVE if created else Mode.ACCESS_EXCLUSIVE
    return effects + locked(mode, *(name for table in tables for name in known.family(table)))


@statement_effects.register
def _(statement: AlterEnum, known: Known) -> Effects:
    return NOTHING


@statement_effects.register
def _(statement: AlterDomain, known: Known) -> Effects:
    """A new constraint is checked against every column of the domain."""
    keywords = statement.keywords.upper()
    validates = keywords.startswith("VALIDATE")
    if not (
        validates
        or keywords in {"SET NOT NULL", "ADD", "ADD CONSTRAINT", "ADD CHECK", "ADD NOT NULL"}
    ):
        return NOTHING
    tables = known.catalogue.tables_using(statement.domain)
    if tables is None:
        reason = f"Which tables have a column of {statement.domain} is not known."
        return locked(Mode.SHARE, "") + scanned("") + unsure(reason)
    return locked(Mode.SHARE, *tables) + scanned(*tables)


def _lock_table(mode: Mode) -> Callable[[OtherObject], Effects]:
    return lambda statement: locked(mode, statement.table) if statement.table else NOTHING


def _lock_named(mode: Mode) -> Callable[[OtherObject], Effects]:
    return lambda statement: locked(mode, statement.name) if statement.name else NOTHING


def _drop_statistics(statement: OtherObject) -> Effects:
    """Their table is locked, which the statement does not name."""
    lock = locked(Mode.SHARE_UPDATE_EXCLUSIVE, statement.table)
    return (
        lock if statement.table else lock + unsure(f"The table of {statement.name} is not known.")
    )


def _anything(statement: OtherObject) -> Effects:
    return worst(reason=f"What {statement.keywords} does to tables is not known.")


_SCHEMA_CHANGES = _lock_table(Mode.SHARE_UPDATE_EXCLUSIVE)
#: By keywords; the longest that fits counts, and anything else touches no table.
_BY_KEYWORDS: dict[str, Callable[[OtherObject], Effects]] = {
    "ALTER PUBLICATION": _SCHEMA_CHANGES,
    "ALTER SEQUENCE": _lock_named(Mode.SHARE_ROW_EXCLUSIVE),
    "ALTER SYSTEM": lambda statement: ALONE,
    "CALL": _anything,
    "COMMENT": _SCHEMA_CHANGES,
    "COPY": _lock_table(Mode.ROW_EXCLUSIVE),
    "CREATE DATABASE": lambda statement: ALONE,
    "CREATE PUBLICATION": _SCHEMA_CHANGES,
    "CREATE STATISTICS": _SCHEMA_CHANGES,
    "CREATE TABLESPACE": lambda statement: ALONE,
    "DO": _anything,
    "DROP DATABASE": lambda statement: ALONE,
    "DROP OWNED": _anything,
    "DROP SEQUENCE": _lock_named(Mode.ACCESS_EXCLUSIVE),
    "DROP STATISTICS": _drop_statistics,
    "DROP TABLESPACE": lambda statement: ALONE,
    "EXECUTE": _anything,
    "IMPORT FOREIGN SCHEMA": lambda statement: NOTHING,
    "REASSIGN OWNED": _anything,
    "SECURITY LABEL": _SCHEMA_CHANGES,
}
#: First words of statements that touch no table unless the list above says otherwise.
_HARMLESS = {
    "ALTER",
    "CHECKPOINT",
    "CREATE",
    "DEALLOCATE",
    "DISCARD",
    "DROP",
    "EXPLAIN",
    "GRANT",
    "LISTEN",
    "LOAD",
    "NOTIFY",
    "PREPARE",
    "REVOKE",
    "SHOW",
    "UNLISTEN",
}


@statement_effects.register
def _(statement: OtherObject, known: Known) -> Effects:
    words = statement.keywords.upper().split()
    if statement.cascade:
        return worst(reason=f"What {statement.keywords} ... CASCADE drops is not known.")
    for length in range(len(words), 0, -1):
        effects = _BY_KEYWORDS.get(" ".join(words[:length]))
        if effects is not None:
            return effects(statement)
    if words and words[0] in _HARMLESS:
        return NOTHING
    return _anything(statement)
