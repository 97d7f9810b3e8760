"""Scratch databases and files of processes that were killed: restores, proofs and rehearsals. Their names tell whose work they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_safe_migrate.backups.connector import SafeConnector
from django_safe_migrate.backups.connectors import CONNECTORS, connector_for
from django_safe_migrate.backups.options import ConnectorOptions

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database


def abandoned(database: Database) -> tuple[str, ...]:
    """Return the scratch databases on the server of a database, or the files beside it, whose processes are gone."""
    if database.connection.vendor not in CONNECTORS:
        return ()
    return _connector(database).abandoned()


def drop_abandoned(database: Database, name: str) -> bool:
    """Drop one of ``abandoned``; return whether that could be done: another role's cannot."""
    connector = _connector(database)
    return name in connector.abandoned() and connector.drop_abandoned(name)


def _connector(database: Database) -> SafeConnector:
    return connector_for(database, ConnectorOptions())
