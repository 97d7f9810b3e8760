"""Whether this role may do what migrations do, known before the first statement is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.environment.tables import existing_tables
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.environment.context import EnvironmentContext

RULES = frozenset({"missing_permission"})


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield one finding for each thing that the role may not do; tables that the plan does not touch may belong to others."""
    alias = context.database.alias
    for missing in context.database.missing_permissions(existing_tables(context)):
        yield Finding(
            rule="missing_permission",
            severity=Severity.ERROR,
            message=f"The role of database {alias!r} may not {missing}; migrations need that.",
            hint="Run migrations with the role that owns the tables, or grant it what is missing.",
        )
