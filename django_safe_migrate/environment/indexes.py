"""Invalid indexes of the tables that a plan is about: kept up to date by every write, and used by no query."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.environment.obstacle import Obstacle
from django_safe_migrate.environment.rebuilt import indexes_made_anew
from django_safe_migrate.environment.tables import existing_tables

INVALID_INDEX = "invalid_index_before"


def invalid_indexes(context: EnvironmentContext) -> Iterator[Obstacle]:
    """Yield each invalid index; one that is being built at this moment is none, and one that the plan itself drops or builds anew is no obstacle."""
    found = () if context.first_install else context.database.invalid_indexes()
    if not found:
        return
    tables = context.locks.tables | set(existing_tables(context))
    own = indexes_made_anew(context.plan, context.database.vendor)
    for name in found:
        table, _, index = name.partition(".")
        if table in tables and index not in own:
            yield Obstacle(
                who=name,
                message=f"Index {index} of {table} is invalid: an earlier build failed, and CREATE INDEX ... IF NOT EXISTS would take it for done.",
                hint=f'Drop it, and build it again if it is needed: DROP INDEX CONCURRENTLY "{index}"',
            )
