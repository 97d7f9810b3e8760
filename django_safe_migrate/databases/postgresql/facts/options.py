"""The actions of ALTER TABLE that are told apart by their keywords alone (``AlterTableGetLockLevel`` in PostgreSQL's source)."""

from __future__ import annotations

from collections.abc import Callable

from django_safe_migrate.databases.postgresql.facts.dispatch import Altered, action_effects
from django_safe_migrate.databases.postgresql.facts.effects import (
    Effects,
    Mode,
    locked,
    rewritten,
    worst,
)
from django_safe_migrate.databases.statements import OtherAction


def _brief(mode: Mode) -> Callable[[OtherAction, Altered], Effects]:
    return lambda action, altered: locked(mode, altered.table)


def _brief_with_partitions(mode: Mode) -> Callable[[OtherAction, Altered], Effects]:
    return lambda action, altered: locked(mode, *altered.family)


def _rewrite(action: OtherAction, altered: Altered) -> Effects:
    tables = altered.known.with_rows(altered.table)
    return locked(Mode.ACCESS_EXCLUSIVE, altered.table) + rewritten(*tables)


def _move(action: OtherAction, altered: Altered) -> Effects:
    """The file is copied as it is; indexes stay where they are."""
    tables = altered.known.with_rows(altered.table)
    return locked(Mode.ACCESS_EXCLUSIVE, altered.table) + Effects(rewrites=tables)


def _set_expression(action: OtherAction, altered: Altered) -> Effects:
    """A virtual column has no values to write; since PostgreSQL 18."""
    column = altered.known.catalogue.column(altered.table, action.column)
    lock = locked(Mode.ACCESS_EXCLUSIVE, *altered.family)
    if column is not None and column.generated == "virtual":
        return lock
    return lock + rewritten(*altered.known.with_rows(*altered.family))


_EXCLUSIVE = _brief(Mode.ACCESS_EXCLUSIVE)
_EXCLUSIVE_PARTITIONS = _brief_with_partitions(Mode.ACCESS_EXCLUSIVE)
_TRIGGER = _brief_with_partitions(Mode.SHARE_ROW_EXCLUSIVE)
_UPDATE_EXCLUSIVE_PARTITIONS = _brief_with_partitions(Mode.SHARE_UPDATE_EXCLUSIVE)
_UPDATE_EXCLUSIVE = _brief(Mode.SHARE_UPDATE_EXCLUSIVE)
#: By keywords; the longest that fits counts.
_BY_KEYWORDS: dict[str, Callable[[OtherAction, Altered], Effects]] = {
    "ADD GENERATED": _EXCLUSIVE,
    "ALTER CONSTRAINT": _EXCLUSIVE,
    "CLUSTER ON": _UPDATE_EXCLUSIVE,
    "DISABLE ROW LEVEL SECURITY": _EXCLUSIVE,
    "DISABLE RULE": _EXCLUSIVE,
    "DISABLE TRIGGER": _TRIGGER,
    "DROP EXPRESSION": _EXCLUSIVE_PARTITIONS,
    "DROP IDENTITY": _EXCLUSIVE,
    "ENABLE ALWAYS RULE": _EXCLUSIVE,
    "ENABLE ALWAYS TRIGGER": _TRIGGER,
    "ENABLE REPLICA RULE": _EXCLUSIVE,
    "ENABLE REPLICA TRIGGER": _TRIGGER,
    "ENABLE ROW LEVEL SECURITY": _EXCLUSIVE,
    "ENABLE RULE": _EXCLUSIVE,
    "ENABLE TRIGGER": _TRIGGER,
    "FORCE ROW LEVEL SECURITY": _EXCLUSIVE,
    "INHERIT": _EXCLUSIVE,
    "NO FORCE ROW LEVEL SECURITY": _EXCLUSIVE,
    "NO INHERIT": _EXCLUSIVE,
    "NOT OF": _EXCLUSIVE,
    "OF": _EXCLUSIVE,
    "OPTIONS": _EXCLUSIVE,
    "OWNER TO": _EXCLUSIVE,
    "RENAME CONSTRAINT": _EXCLUSIVE_PARTITIONS,
    "REPLICA IDENTITY": _EXCLUSIVE,
    "RESET": _UPDATE_EXCLUSIVE,
    "RESTART": _EXCLUSIVE,
    "SET": _UPDATE_EXCLUSIVE,
    "SET ACCESS METHOD": _rewrite,
    "SET COMPRESSION": _EXCLUSIVE_PARTITIONS,
    "SET EXPRESSION": _set_expression,
    "SET GENERATED": _EXCLUSIVE,
    "SET LOGGED": _rewrite,
    "SET SCHEMA": _EXCLUSIVE,
    "SET STATISTICS": _UPDATE_EXCLUSIVE_PARTITIONS,
    "SET STORAGE": _EXCLUSIVE_PARTITIONS,
    "SET TABLESPACE": _move,
    "SET UNLOGGED": _rewrite,
    "SET WITHOUT": _EXCLUSIVE,
    "SET WITHOUT CLUSTER": _UPDATE_EXCLUSIVE,
}


@action_effects.register
def _(action: OtherAction, altered: Altered) -> Effects:
    words = action.keywords.upper().split()
    for length in range(len(words), 0, -1):
        effects = _BY_KEYWORDS.get(" ".join(words[:length]))
        if effects is not None:
            return effects(action, altered)
    return worst(*altered.family, reason=f"What {action.keywords} does is not known.")
