"""Autovacuums that prevent wraparound: whoever waits for their table waits to their end."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.environment.obstacle import Obstacle
from django_safe_migrate.environment.tables import existing_tables

ANTI_WRAPAROUND_VACUUM = "anti_wraparound_vacuum"


def wraparound_vacuums(context: EnvironmentContext) -> Iterator[Obstacle]:
    """Yield each such vacuum; those of tables that the plan does not lock matter to nobody here, and are left out."""
    found = () if context.first_install else context.database.wraparound_vacuums()
    if not found:
        return
    tables = context.locks.tables
    if not context.locks.is_complete:
        tables |= set(existing_tables(context))
    for vacuum in found:
        if vacuum.table not in tables:
            continue
        age = "" if vacuum.seconds is None else f" for {vacuum.seconds:.0f} seconds"
        share = "" if vacuum.share is None else f", and has read {vacuum.share:.0%} of it"
        yield Obstacle(
            who=f"{vacuum.session} {vacuum.table}",
            message=f"Autovacuum {vacuum.session} has worked on {vacuum.table}{age} to prevent wraparound{share}. It does not make way for "
            "a lock that the plan needs, as other autovacuums do.",
            hint="Let it finish. One that is cancelled begins again; with less of autovacuum_vacuum_cost_delay the next one is faster.",
        )
