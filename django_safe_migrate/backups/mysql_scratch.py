"""A backup restored into a database of its own on the same server, which is dropped afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.backups import mysql_swap, names
from django_safe_migrate.backups.connector import RestoreRequest, Scratch
from django_safe_migrate.backups.mysql_server import character_set

if TYPE_CHECKING:
    from django_safe_migrate.backups.mysql import MySQLConnector


@contextlib.contextmanager
def scratch(connector: MySQLConnector, request: RestoreRequest) -> Iterator[Scratch]:
    """Restore, compare with the receipt, yield a connection, and drop the database whatever happens."""
    name = names.scratch_name()
    with connector.connected(NAME=None) as server:
        charset = character_set(server, connector.database.name)
        mysql_swap.create(connector, request, server, name, charset)
    try:
        notices = mysql_swap.fill(connector, request, name)
        with connector.registered(NAME=name) as connection:
            yield Scratch(connection, name, notices)
    finally:
        mysql_swap.drop(connector, name)
