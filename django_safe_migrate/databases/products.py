"""Products and versions of servers, as far as facts depend on them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.values import TargetVersion

_VENDOR_OF = {"mariadb": "mysql", "mysql": "mysql", "postgresql": "postgresql", "sqlite": "sqlite"}
#: The first version of MariaDB that MySQL's have not reached.
_MARIADB = (10,)


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A product in lower case, and its version; an empty version is older than any."""

    product: str
    version: tuple[int, ...] = ()


def server_of(connection: BaseDatabaseWrapper, target: TargetVersion | None = None) -> Server:
    """
    Return the server that a connection is for, without connecting.

    Args:
        connection: of which only the vendor is read.
        target: what the project says that its servers are; one of another vendor says nothing about this connection.
    """
    vendor = str(connection.vendor)
    if target is None or _VENDOR_OF.get(target.product, vendor) != vendor:
        return Server(vendor, _oldest(connection, vendor))
    if not target.product and vendor == "mysql" and target.version >= _MARIADB:
        return Server("mariadb", target.version)
    return Server(target.product or vendor, target.version)


def unopened(connection: BaseDatabaseWrapper, server: Server) -> BaseDatabaseWrapper:
    """
    Return a connection that knows its server's product and version without asking it, for what Django makes of them.

    MariaDB and MySQL are one vendor to Django, whose types depend on which it is; others know theirs as they are.
    """
    if connection.vendor != "mysql":
        return connection
    described = connection.copy()
    described.__dict__["mysql_is_mariadb"] = server.product == "mariadb"
    described.__dict__["mysql_version"] = server.version or (8,)
    return described


def _oldest(connection: BaseDatabaseWrapper, product: str) -> tuple[int, ...]:
    """The oldest version of a product that this version of Django supports; of SQLite the one in use, for a library is no server."""
    if product == "sqlite":
        return tuple(connection.get_database_version())
    oldest: Any = unopened(connection, Server(product)).features.minimum_database_version
    return tuple(oldest or ())
