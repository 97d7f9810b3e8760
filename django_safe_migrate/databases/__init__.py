"""One class per vendor, found by ``connection.vendor``; any other vendor gets the cautious base class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from django_safe_migrate.databases.answers import Replication, RowCount, Session
from django_safe_migrate.databases.base import Database
from django_safe_migrate.databases.facts import Catalogue, FactBook
from django_safe_migrate.databases.locks import RunLock
from django_safe_migrate.databases.products import Server, server_of, unopened

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = [
    "Database",
    "Replication",
    "RowCount",
    "RunLock",
    "Server",
    "Session",
    "VENDORS",
    "fact_book",
    "fact_book_class",
    "get_database",
    "live_catalogue",
    "live_server",
    "server_of",
    "unopened",
]

#: Django's ``connection.vendor`` and our class for it.
VENDORS = {
    "mysql": "django_safe_migrate.databases.mysql.MySQLDatabase",
    "postgresql": "django_safe_migrate.databases.postgresql.PostgreSQLDatabase",
    "sqlite": "django_safe_migrate.databases.sqlite.SQLiteDatabase",
}


def get_database(connection: BaseDatabaseWrapper) -> Database:
    """Return our view of the database behind a Django connection."""
    path = VENDORS.get(connection.vendor)
    # Only the vendor's own module is imported: every command pays for imports.
    database_class: type[Database] = import_string(path) if path else Database
    return database_class(connection)


#: Who knows what statements do, by product.
FACT_BOOKS = {
    "mariadb": "django_safe_migrate.databases.mysql.facts.MariaDBFactBook",
    "mysql": "django_safe_migrate.databases.mysql.facts.MySQLFactBook",
    "postgresql": "django_safe_migrate.databases.postgresql.facts.PostgreSQLFactBook",
    "sqlite": "django_safe_migrate.databases.sqlite.facts.SQLiteFactBook",
}
#: Who can be asked about existing tables, by Django's ``connection.vendor``.
LIVE_CATALOGUES = {
    "mysql": "django_safe_migrate.databases.mysql.live_catalogue.MySQLCatalogue",
    "postgresql": "django_safe_migrate.databases.postgresql.live_catalogue.PostgreSQLCatalogue",
    "sqlite": "django_safe_migrate.databases.sqlite.live_catalogue.SQLiteCatalogue",
}


def fact_book(server: Server, catalogue: Catalogue | None = None) -> FactBook:
    """
    Return who predicts what statements do on a server; of a product that we do not know, everything is the worst.

    Args:
        server: product and version, as ``server_of`` and ``live_server`` tell them.
        catalogue: what is known of existing tables.
    """
    return fact_book_class(server)(server.version, catalogue)


def fact_book_class(server: Server) -> type[FactBook]:
    """Return the class of ``fact_book``."""
    path = FACT_BOOKS.get(server.product)
    book_class: type[FactBook] = import_string(path) if path else FactBook
    return book_class


def live_server(database: Database) -> Server:
    """Return the product and version of a reachable database."""
    name = database.product.lower()  # spatial backends have names of their own
    product = name if name in FACT_BOOKS else str(database.connection.vendor)
    return Server(product, database.version)


def live_catalogue(database: Database) -> Catalogue:
    """Return what can be asked about the existing tables of a reachable database; it reads only, and each thing once."""
    path = LIVE_CATALOGUES.get(database.vendor)
    catalogue: Catalogue = import_string(path)(database) if path else Catalogue()
    return catalogue
