"""Breakers that ask the server: how far its replicas are behind, and how many clients it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

from django_safe_migrate.databases import get_database
from django_safe_migrate.execution.breakers.breaker import Breaker, CannotTell, Lane

if TYPE_CHECKING:
    from django_safe_migrate.conf import BreakerSettings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.values import Quantity


class ReplicaLag(Breaker):
    """Opens when a replica is further behind than it may be; asks the primary, or the replicas that the settings name."""

    lane = Lane.SERVER

    def __init__(self, settings: BreakerSettings) -> None:
        super().__init__(settings)
        self._replicas: dict[str, Database] = {}

    def look(self, database: Database | None) -> str:
        above = self.settings.options["above"]
        for name, seconds in self._lags(database):
            if seconds > above:
                return f"Replica {name} is {seconds:.0f} seconds behind, more than {above:g}."
        return ""

    def _lags(self, database: Database | None) -> list[tuple[str, float]]:
        aliases = self.settings.options["replicas"]
        if aliases:
            return [
                (alias, seconds)
                for alias in aliases
                for _, seconds in self._replica(alias).replication().lags
            ]
        found = list(database.replication().lags) if database else []
        if not found and (database is None or not database.knows_replicas()):
            raise CannotTell(
                "this server does not tell this role how far its replicas are behind; name them as aliases of DATABASES in REPLICAS"
            )
        return found

    def _replica(self, alias: str) -> Database:
        if alias not in self._replicas:
            configured = get_database(connections[alias])
            connection = configured.monitoring_connection()
            if connection is None:
                raise CannotTell(f"the database {alias!r} is no replica")
            self._replicas[alias] = get_database(connection)
        replica = self._replicas[alias]
        if replica.connection.connection is None:
            replica.bound_questions()
        return replica

    def close(self) -> None:
        for replica in self._replicas.values():
            replica.connection.close()
        self._replicas.clear()


class ActiveConnections(Breaker):
    """Opens when more clients are connected than the limit."""

    lane = Lane.SERVER

    def look(self, database: Database | None) -> str:
        found = database.clients() if database else None
        if found is None:
            raise CannotTell("this database has no clients to count")
        count, most = found
        above: Quantity = self.settings.options["above"]
        if count <= above.of(most):
            return ""
        limit = f"{above.of(most):g} ({above.text} of {most})" if above.is_share else above.text
        return f"{count} clients are connected, more than {limit}."
