"""Whether the database answers at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.environment.context import EnvironmentContext

RULES = frozenset({"unreachable_database"})


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield a finding when there is no connection to be had, or the one we have is gone."""
    database = context.database
    reason = database.is_reachable()
    if reason:
        yield Finding(
            rule="unreachable_database",
            severity=Severity.ERROR,
            message=f"Database {database.alias!r} ({database.name}) cannot be reached: {reason}",
            hint="Check that the server runs, and host, port, user and password in DATABASES.",
        )
