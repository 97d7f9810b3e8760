"""Transactions of others that have been open for so long that a migration may have to wait behind them."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.findings import Finding, Severity

RULES = frozenset({"long_transaction"})


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield a finding for each such session; on a first install there is no table that it could hold."""
    if context.first_install:
        return
    for session in context.database.long_transactions(context.settings.long_transaction):
        who = " of ".join(filter(None, [session.application, session.user])) or "another session"
        query = f" Its last query: {session.query}" if session.query else ""
        yield Finding(
            rule="long_transaction",
            severity=Severity.WARNING,
            message=f"Session {session.pid} ({who}) has had a transaction open for {session.seconds:.0f} seconds, and a migration waits "
            f"for each table that it has used.{query}",
            hint=f"Let it finish, or end session {session.pid}, before the run.",
        )
