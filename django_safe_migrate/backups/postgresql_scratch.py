"""A backup restored into a database of its own on the same server, which is dropped afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.backups import names, postgresql_swap
from django_safe_migrate.backups.connector import RestoreRequest, Scratch
from django_safe_migrate.backups.postgresql_attributes import copy_settings, read_attributes

if TYPE_CHECKING:
    from django_safe_migrate.backups.postgresql import PostgreSQLConnector


@contextlib.contextmanager
def scratch(connector: PostgreSQLConnector, request: RestoreRequest) -> Iterator[Scratch]:
    """Restore, compare with the receipt, yield a connection, and drop the database whatever happens."""
    name = names.scratch_name()
    with postgresql_swap.maintenance_connection(connector) as server:
        attributes = read_attributes(server, connector.database.name)
        postgresql_swap.create(connector, request, server, name, attributes)
    try:
        notices = postgresql_swap.fill(connector, request, name)
        with postgresql_swap.maintenance_connection(connector) as server:
            notices += copy_settings(server, attributes, name)
        with connector.registered(NAME=name) as connection:
            yield Scratch(connection, name, notices)
    finally:
        postgresql_swap.drop(connector, name)
