"""Transactions of others that have been open for so long that a migration may have to wait behind them, or behind whom nobody stands."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.databases.obstacles import OpenTransaction
from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.environment.obstacle import Obstacle

LONG_TRANSACTION = "long_transaction"
PREPARED_TRANSACTION = "prepared_transaction"


def long_transactions(context: EnvironmentContext) -> Iterator[Obstacle]:
    """Yield each old transaction of a session; on a first install there is no table that it could hold."""
    for found, held in _open(context):
        if found.is_prepared:
            continue
        session = found.session
        who = " of ".join(filter(None, [session.application, session.user])) or "another session"
        query = f" Its last query: {session.query}" if session.query else ""
        yield Obstacle(
            who=session.pid,
            message=f"Session {session.pid} ({who}) has had a transaction open for {session.seconds:.0f} seconds{_reason(found, held)}.{query}",
            hint=f"Let it finish, or end session {session.pid}, before the run.",
            matters=held is not None,
        )


def prepared_transactions(context: EnvironmentContext) -> Iterator[Obstacle]:
    """Yield each transaction that was prepared for a two-phase commit, and neither committed nor rolled back since."""
    for found, held in _open(context):
        if not found.is_prepared:
            continue
        session = found.session
        name = repr(session.application) if session.application else "without a name"
        owner = f" of {session.user}" if session.user else ""
        yield Obstacle(
            who=name,
            message=f"Prepared transaction {name}{owner} is {session.seconds:.0f} seconds old{_reason(found, held)}. "
            "No session will end it by itself.",
            hint=f"Ask the transaction manager what is to become of it, then {context.database.ends_prepared}.",
            matters=held is not None,
        )


def _open(
    context: EnvironmentContext,
) -> Iterator[tuple[OpenTransaction, tuple[str, ...] | None]]:
    if context.first_install:
        return
    for found in context.database.open_transactions(context.settings.long_transaction):
        yield found, context.locks.wait_for(context.database, found.held)


def _reason(found: OpenTransaction, held: tuple[str, ...] | None) -> str:
    if held is None:
        return ", and holds no table that the plan is known to lock"
    if held:
        return f", and the plan has to wait for it: it holds {', '.join(held)}"
    if found.held is None:
        return (
            ", and the plan waits for each table that it has used, which this server does not tell"
        )
    return ", and the plan builds or drops an index concurrently, which waits for every older transaction"
