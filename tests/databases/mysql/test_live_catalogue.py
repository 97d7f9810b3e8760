"""What MariaDB says of its tables."""

from __future__ import annotations

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import (
    ConstraintDefinition,
    IndexDefinition,
    TableStorage,
)
from django_safe_migrate.databases.mysql.live_catalogue import MySQLCatalogue, spelled
from django_safe_migrate.databases.statements import ColumnDefinition, ConstraintKind, Default
from tests.databases.conftest import run

pytestmark = [pytest.mark.vendors("mariadb"), pytest.mark.mariadb]


@pytest.fixture
def catalogue(connection: BaseDatabaseWrapper) -> MySQLCatalogue:
    run(
        connection,
        "CREATE TABLE customer (id bigint PRIMARY KEY)",
        """CREATE TABLE box (id integer PRIMARY KEY AUTO_INCREMENT, name varchar(20) DEFAULT 'x(' NOT NULL, at datetime(6) DEFAULT
           CURRENT_TIMESTAMP(6), code char(36) DEFAULT (uuid()), twice integer AS (id * 2) VIRTUAL, customer_id bigint,
           CONSTRAINT name_u UNIQUE (name), KEY at_idx (at, code), CONSTRAINT c CHECK (name <> ''),
           CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE) COLLATE utf8mb4_bin""",
        "CREATE VIEW names AS SELECT name FROM box",
        "CREATE TABLE parts (id integer PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2",
    )
    return MySQLCatalogue(get_database(connection))


def test_columns(catalogue: MySQLCatalogue) -> None:
    text = {"collation": "utf8mb4_bin"}
    assert [catalogue.column("box", name) for name in ("id", "NAME", "at", "code", "twice")] == [
        ColumnDefinition(name="id", type="integer", null=False, identity=True, primary_key=True),
        ColumnDefinition(
            name="name",
            type="varchar(20)",
            null=False,
            default=Default.CONSTANT,
            unique=True,
            **text,
        ),
        ColumnDefinition(name="at", type="datetime(6)", default=Default.STABLE),
        ColumnDefinition(name="code", type="char(36)", default=Default.VOLATILE, **text),
        ColumnDefinition(name="twice", type="integer", generated="virtual"),
    ]
    assert catalogue.column("box", "missing") is None
    assert catalogue.column("missing", "id") is None


def test_indexes_and_constraints(catalogue: MySQLCatalogue) -> None:
    indexes = {one.name: one for one in catalogue.indexes("box") or ()}
    assert sorted(indexes) == ["PRIMARY", "at_idx", "fk", "name_u"]
    assert indexes["at_idx"] == IndexDefinition(
        name="at_idx", columns=("at", "code"), method="btree"
    )
    assert indexes["name_u"].unique
    assert catalogue.index_table("at_idx") == "box"
    assert catalogue.index_table("PRIMARY") is None, "every table has one"
    constraints = {one.name: one for one in catalogue.constraints("box") or ()}
    assert {name: one.kind for name, one in constraints.items()} == {
        "PRIMARY": ConstraintKind.PRIMARY_KEY,
        "c": ConstraintKind.CHECK,
        "fk": ConstraintKind.FOREIGN_KEY,
        "name_u": ConstraintKind.UNIQUE,
    }
    assert constraints["fk"] == ConstraintDefinition(
        name="fk",
        kind=ConstraintKind.FOREIGN_KEY,
        columns=("customer_id",),
        references="customer",
        referenced_columns=("id",),
    )
    assert catalogue.referencing("customer") == ("box",)
    assert catalogue.indexes("missing") is None
    assert catalogue.constraints("missing") is None


def test_tables_and_views(catalogue: MySQLCatalogue) -> None:
    kinds = {name: catalogue.kind(name) for name in ("box", "names", "parts", "missing")}
    assert kinds == {"box": "table", "names": "view", "parts": "partitioned", "missing": None}
    assert catalogue.partitions("parts") == ("p0", "p1")
    assert catalogue.dependants("box", "name") == ("names",)
    assert catalogue.dependants("box", "code") == ()
    assert catalogue.storage("box") == TableStorage(
        collation="utf8mb4_bin", generated=frozenset({"virtual"}), cascades=True
    )
    assert catalogue.storage("missing") is None


def test_the_server_is_asked_once(
    catalogue: MySQLCatalogue, connection: BaseDatabaseWrapper
) -> None:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            catalogue.column("box", "id")
            catalogue.column("box", "name")
            catalogue.indexes("box")
            catalogue.indexes("customer")
            catalogue.constraints("box")
            catalogue.storage("box")
    assert len(queries) == 5


def test_types_are_spelled_as_django_does() -> None:
    given = [
        "int(11)",
        "tinyint(1)",
        "tinyint(4)",
        "bigint(20) unsigned",
        "double",
        "decimal(10,2)",
    ]
    assert [spelled(type) for type in given] == [
        "integer",
        "bool",
        "tinyint",
        "bigint unsigned",
        "double precision",
        "numeric(10, 2)",
    ]
    assert spelled("enum('int(11)')") == "enum('int(11)')"
