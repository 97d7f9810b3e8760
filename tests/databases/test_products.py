"""Which server facts are told for, and who tells them."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import (
    FACT_BOOKS,
    LIVE_CATALOGUES,
    Database,
    Server,
    fact_book,
    live_catalogue,
    live_server,
    server_of,
    unopened,
)
from django_safe_migrate.databases.facts import Catalogue, FactBook
from django_safe_migrate.databases.statements import Truncate
from django_safe_migrate.values import TargetVersion
from tests.analysis.lint import vendor


def of(name: str, target: TargetVersion | None) -> Server:
    from django.db import connections

    with vendor(name):
        return server_of(connections["default"], target)


def test_the_target_decides_without_a_connection() -> None:
    assert of("postgresql", TargetVersion("", (16,))) == Server("postgresql", (16,))
    assert of("mysql", TargetVersion("", (8, 4))) == Server("mysql", (8, 4))
    assert of("mysql", TargetVersion("", (10, 11))) == Server("mariadb", (10, 11))
    assert of("mysql", TargetVersion("mariadb", (11, 4))) == Server("mariadb", (11, 4))


def test_without_a_target_it_is_the_oldest_that_django_supports() -> None:
    for name in ("postgresql", "mysql", "sqlite"):
        server = of(name, None)
        assert server.product == name
        assert server.version >= {"postgresql": (14,), "mysql": (8,), "sqlite": (3, 31)}[name]
    other = TargetVersion("postgresql", (16,))
    assert of("mysql", other) == of("mysql", None)


def test_an_unopened_connection_knows_its_types() -> None:
    from django.db import connections

    with vendor("mysql"):
        described = unopened(connections["default"], Server("mariadb", (11, 4)))
        assert described.data_types["UUIDField"] == "uuid"
        assert described.connection is None
    with vendor("postgresql"):
        connection = connections["default"]
        assert unopened(connection, Server("postgresql")) is connection


def test_the_server_itself_is_asked(database: Database) -> None:
    server = live_server(database)
    assert server.version == database.version
    assert server.product == database.product.lower()
    assert type(fact_book(server)).product.lower() == server.product
    assert type(live_catalogue(database)) is not Catalogue


def test_every_product_has_a_book() -> None:
    for product in FACT_BOOKS:
        assert isinstance(fact_book(Server(product, (99,))), FactBook)
    assert set(LIVE_CATALOGUES) == {"mysql", "postgresql", "sqlite"}


def test_an_unknown_product_gets_the_worst(connection: BaseDatabaseWrapper) -> None:
    facts = fact_book(Server("unheard-of")).facts(Truncate(tables=("a",)))
    assert facts.unknown == "Nothing is known of this database product."
    connection.vendor = "unheard-of"
    assert type(live_catalogue(Database(connection))) is Catalogue
