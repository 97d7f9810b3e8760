"""Whether a pooler stands between us and the server that gives our session to others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.databases.locks import POOLED_HINT
from django_safe_migrate.findings import Finding, Severity

if TYPE_CHECKING:
    from django_safe_migrate.environment.context import EnvironmentContext

RULES = frozenset({"transaction_pooler"})


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield an error for a pooler in transaction or statement mode; a run that comes this far has asked when it took its lock."""
    database = context.database
    if database.shares_sessions():
        yield Finding(
            rule="transaction_pooler",
            severity=Severity.ERROR,
            message=f"Database {database.alias!r} is reached through a connection pooler in transaction mode, which gives a session to "
            "somebody else after each transaction: neither the run lock nor lock timeouts can be relied on.",
            hint=POOLED_HINT,
        )
