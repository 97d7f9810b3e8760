"""The existing tables that a plan is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.sql.states import state_of
from django_safe_migrate.sql.tables import named_tables

if TYPE_CHECKING:
    from django_safe_migrate.environment.context import EnvironmentContext


def existing_tables(context: EnvironmentContext) -> tuple[str, ...]:
    """Return the tables, sorted, that are in the database and belong to a model that an operation of the plan names."""
    state = state_of(context.loader, context.loader.applied_migrations.keys())
    named: set[str] = set()
    for step in context.plan.steps:
        for planned in step.operations:
            named |= named_tables(planned.operation, step.app_label, state)
    return tuple(sorted(named.intersection(context.database.tables())))
