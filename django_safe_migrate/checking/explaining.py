"""What statements would do, told without carrying them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

from django_safe_migrate.databases import fact_book, live_catalogue, live_server, server_of
from django_safe_migrate.reports.facts import Explanation
from django_safe_migrate.sql.reading import read

if TYPE_CHECKING:
    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database


def explain(sql: str, alias: str, database: Database | None, settings: Settings) -> Explanation:
    """
    Return the facts of each statement of a text.

    Args:
        database: whose product, version and tables decide; None when it must not be asked, then the settings say for which server.
    """
    connection = connections[alias]
    if database is not None:
        book, target = fact_book(live_server(database), live_catalogue(database)), database.server
    else:
        server = server_of(connection, settings.target_version)
        book, target = fact_book(server), offline_target(alias, settings)
    statements = read([sql], connection.vendor)
    facts = tuple(book.facts(statement) for statement in statements)
    return Explanation(connection.vendor, target, database is not None, facts)


def offline_target(alias: str, settings: Settings) -> str:
    """Return the product and version that count without a database, in words that say where they come from."""
    server = server_of(connections[alias], settings.target_version)
    product = fact_book(server).product or server.product
    words = " ".join([product, ".".join(str(part) for part in server.version)]).strip()
    assumed = server_of(connections[alias])
    is_assumed = settings.target_version is None or server == assumed
    if not is_assumed:
        return words
    # SQLite is a library: the one that Python is linked with will carry the migrations out, here at least.
    source = "as linked here" if server.product == "sqlite" else "the oldest that Django supports"
    return f"{words}, {source}"
