"""Whether this server takes changes, and whether its replicas keep up."""

from __future__ import annotations

from collections.abc import Iterator

from django_safe_migrate.environment.context import EnvironmentContext
from django_safe_migrate.environment.obstacle import Obstacle
from django_safe_migrate.findings import Finding, Severity

RULES = frozenset({"is_replica"})
REPLICATION_LAG = "replication_lag"


def check(context: EnvironmentContext) -> Iterator[Finding]:
    """Yield an error for a server that only reads."""
    database = context.database
    if database.replication().is_replica:
        yield Finding(
            rule="is_replica",
            severity=Severity.ERROR,
            message=f"The server of database {database.alias!r} is a replica, which refuses changes or drifts away from its primary.",
            hint="Run migrations on the primary server: choose its alias with --database.",
        )


def lagging_replicas(context: EnvironmentContext) -> Iterator[Obstacle]:
    """Yield each replica that is behind by more than ``REPLICATION_LAG``."""
    for name, seconds in context.database.replication().lags:
        if seconds > context.settings.replication_lag:
            yield Obstacle(
                who=name,
                message=f"Replica {name} is {seconds:.0f} seconds behind, and reads old rows and the old schema for so long.",
                hint="Wait until it has caught up: a migration that writes much makes it fall back further.",
            )
