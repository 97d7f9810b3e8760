"""What is kept in a database, and the end of what has been kept long enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.side_tables import side_tables
from django_safe_migrate.preservation.registry import PRUNED, Kept, Registry, now
from django_safe_migrate.preservation.returning import MADE_OF_IT, UNCHANGED
from django_safe_migrate.preservation.wording import number

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database


def preserved(database: Database) -> tuple[Kept, ...]:
    """Return the copies that are there, oldest first."""
    return tuple(one for one in Registry(database.connection).rows() if one.is_there)


def prune(database: Database) -> tuple[Kept, ...]:
    """Drop the copies whose time is over, and return them; the registry goes on to say what they were and when they went."""
    registry, sides, moment = Registry(database.connection), side_tables(database), now()
    over = [one for one in preserved(database) if one.keep_until <= moment]
    for one in over:
        for name in (one.name, one.name + MADE_OF_IT, one.name + UNCHANGED):
            sides.drop(name)
        registry.end(one, PRUNED)
    return tuple(over)


def described(kept: Kept) -> str:
    """Return what a copy is in one sentence without its end, such as ``column note of shop_order, 3 rows, in ...``."""
    return f"{kept.what}, {number(kept.rows, 'row', 'rows')}, kept by {kept.label} {kept.direction} in {kept.name} since {kept.created_at[:10]}"


def pruned(kept: Kept) -> str:
    """Return the sentence that says that a copy is gone."""
    return f"Pruned kept data: {described(kept)}."


def to_json(kept: Kept) -> dict[str, Any]:
    """Return plain data; no value of a row is among it."""
    return {
        "name": kept.name,
        "what": kept.what,
        "kind": kept.kind,
        "table": kept.table,
        "columns": list(kept.columns),
        "keys": list(kept.keys),
        "rows": kept.rows,
        "run": kept.run_id,
        "migration": kept.label,
        "direction": kept.direction,
        "operation": kept.operation,
        "state": kept.state,
        "created_at": kept.created_at,
        "keep_until": kept.keep_until,
        "outcome": kept.outcome,
    }
