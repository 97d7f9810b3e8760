"""What the live catalogue says, on the oldest and the newest server that there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.databases import Database, get_database, live_catalogue
from django_safe_migrate.databases.facts import (
    ConstraintDefinition,
    DomainDefinition,
    IndexDefinition,
)
from django_safe_migrate.databases.postgresql.live_catalogue import PostgreSQLCatalogue
from django_safe_migrate.databases.statements import ColumnDefinition, ConstraintKind, Default
from tests.databases.conftest import run
from tests.servers import Server
from tests.servers.base import open_connection

pytestmark = [pytest.mark.vendors("postgresql"), pytest.mark.postgresql]

TABLES = """
    CREATE DOMAIN even AS integer CHECK (VALUE % 2 = 0);
    CREATE DOMAIN even_too AS even;
    CREATE SCHEMA other;
    CREATE TABLE customer (id serial PRIMARY KEY, "Name" varchar(20) COLLATE "C" DEFAULT 'x''y' NOT NULL, born date DEFAULT now(),
        twice integer GENERATED ALWAYS AS (2 * 3) STORED, e even_too, boss integer REFERENCES customer);
    CREATE TABLE other.customer (id integer);
    CREATE TABLE other.bill (id integer GENERATED ALWAYS AS IDENTITY, customer integer CONSTRAINT bill_customer REFERENCES customer,
        n integer, even even);
    ALTER TABLE other.bill ADD CONSTRAINT n_given CHECK (n IS NOT NULL AND n > 0) NOT VALID;
    CREATE UNIQUE INDEX customer_name ON customer (lower("Name"), id) WHERE born IS NOT NULL;
    CREATE TABLE part (id integer) PARTITION BY LIST (id);
    CREATE TABLE part_one PARTITION OF part FOR VALUES IN (1);
    CREATE TABLE part_rest PARTITION OF part DEFAULT PARTITION BY LIST (id);
    CREATE TABLE part_rest_two PARTITION OF part_rest FOR VALUES IN (2);
    CREATE VIEW first_view AS SELECT id, "Name" FROM customer;
    CREATE MATERIALIZED VIEW second_view AS SELECT id FROM first_view;
"""


@pytest.fixture(params=["postgresql_server", "postgresql18_server"])
def tables(request: pytest.FixtureRequest) -> Iterator[BaseDatabaseWrapper]:
    server: Server = request.getfixturevalue(request.param)
    entry = server.create_database()
    with open_connection(entry) as connection:
        run(connection, TABLES)
        yield connection
    server.drop_database(entry)


@pytest.fixture
def database(tables: BaseDatabaseWrapper) -> Database:
    return get_database(tables)


@pytest.fixture
def catalogue(database: Database) -> PostgreSQLCatalogue:
    found = live_catalogue(database)
    assert isinstance(found, PostgreSQLCatalogue)
    return found


def test_tables_go_by_the_name_that_the_search_path_shows(catalogue: PostgreSQLCatalogue) -> None:
    assert catalogue.exists("customer") is True
    assert catalogue.exists("public.customer") is True
    assert catalogue.exists("other.bill") is True
    assert catalogue.exists("bill") is False
    assert catalogue.exists("") is None
    assert catalogue.column("other.customer", "Name") is None
    assert catalogue.column("public.customer", "Name") == catalogue.column("customer", "Name")


def test_kinds_and_partitions(catalogue: PostgreSQLCatalogue) -> None:
    names = ("customer", "part", "first_view", "second_view", "nothing")
    assert [catalogue.kind(name) for name in names] == [
        "table",
        "partitioned",
        "view",
        "materialized view",
        None,
    ]
    assert catalogue.partitions("part") == ("part_one", "part_rest", "part_rest_two")
    assert catalogue.partitions("customer") == ()
    assert catalogue.partition_of("part_rest_two") == "part_rest"
    assert catalogue.partition_of("part") == ""
    assert catalogue.default_partition("part") == "part_rest"
    assert catalogue.default_partition("part_rest") == ""


def test_columns(catalogue: PostgreSQLCatalogue) -> None:
    assert catalogue.column("customer", "Name") == ColumnDefinition(
        name="Name",
        type="character varying(20)",
        null=False,
        default=Default.CONSTANT,
        collation="C",
    )
    assert catalogue.column("customer", "id") == ColumnDefinition(
        name="id", type="integer", null=False, default=Default.VOLATILE, identity=True
    )
    assert catalogue.column("customer", "twice") == ColumnDefinition(
        name="twice", type="integer", generated="stored"
    )
    assert catalogue.column("other.bill", "id") == ColumnDefinition(
        name="id", type="integer", null=False, identity=True
    )
    assert catalogue.column("customer", "nothing") is None


def test_indexes(catalogue: PostgreSQLCatalogue) -> None:
    assert catalogue.indexes("customer") == (
        IndexDefinition(
            name="customer_name",
            columns=("id",),
            unique=True,
            method="btree",
            computed_from=("Name", "born", "id"),
        ),
        IndexDefinition(
            name="customer_pkey", columns=("id",), unique=True, method="btree", constraint=True
        ),
    )
    assert catalogue.indexes("other.bill") == ()
    assert catalogue.indexes("nothing") is None
    assert catalogue.index_table("customer_name") == "customer"
    assert catalogue.index_table("public.customer_pkey") == "customer"
    assert catalogue.index_table("nothing") == ""


def test_constraints(catalogue: PostgreSQLCatalogue) -> None:
    # Since PostgreSQL 18 NOT NULL is a constraint with a name.
    found = {
        constraint.name: constraint
        for constraint in catalogue.constraints("other.bill") or ()
        if constraint.kind is not ConstraintKind.NOT_NULL
    }
    assert found == {
        "bill_customer": ConstraintDefinition(
            name="bill_customer",
            kind=ConstraintKind.FOREIGN_KEY,
            columns=("customer",),
            references="customer",
            referenced_columns=("id",),
        ),
        "n_given": ConstraintDefinition(
            name="n_given",
            kind=ConstraintKind.CHECK,
            columns=("n",),
            validated=False,
            not_null=("n",),
        ),
    }
    assert catalogue.constraints("nothing") is None


def test_who_else_is_concerned(catalogue: PostgreSQLCatalogue) -> None:
    assert catalogue.referencing("customer") == ("other.bill",)
    assert catalogue.referencing("other.bill") == ()
    assert set(catalogue.dependants("customer", "id") or ()) == {"first_view", "second_view"}
    assert catalogue.dependants("customer", "born") == ()
    assert set(catalogue.dependants("customer") or ()) == {"first_view", "second_view"}
    assert catalogue.dependants("second_view") == ()


def test_domains(catalogue: PostgreSQLCatalogue) -> None:
    assert catalogue.domain("even") == DomainDefinition(base="integer", constrained=True)
    assert catalogue.domain("even_too") == DomainDefinition(base="even", constrained=True)
    assert catalogue.domain("integer") is None
    assert catalogue.domain("numeric(5, 2)") is None
    assert set(catalogue.tables_using("even") or ()) == {"customer", "other.bill"}
    assert catalogue.tables_using("even_too") == ("customer",)
    assert catalogue.tables_using("nothing") == ()


def test_the_time_zone_is_the_sessions(tables: BaseDatabaseWrapper, database: Database) -> None:
    assert PostgreSQLCatalogue(database).timezone == "UTC"
    run(tables, "SET TimeZone = 'Asia/Tokyo'")
    assert PostgreSQLCatalogue(database).timezone == "Asia/Tokyo"


def test_everything_is_asked_once(
    tables: BaseDatabaseWrapper, catalogue: PostgreSQLCatalogue
) -> None:
    asked: list[str] = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with tables.execute_wrapper(count):
        for _ in range(3):
            for table in ("customer", "other.bill"):
                catalogue.exists(table)
                catalogue.partitions(table)
                catalogue.referencing(table)
                catalogue.indexes(table)
                catalogue.constraints(table)
                catalogue.column(table, "id")
    # Two lists for all tables, and three for each.
    assert len(asked) == 2 + 3 * 2


def test_a_not_null_that_was_not_validated_proves_nothing(
    tables: BaseDatabaseWrapper, database: Database
) -> None:
    if database.version < (18,):
        pytest.skip("PostgreSQL has NOT NULL constraints that are not validated since version 18.")
    run(tables, "ALTER TABLE other.bill ADD CONSTRAINT given NOT NULL customer NOT VALID")
    before = PostgreSQLCatalogue(database)
    column = before.column("other.bill", "customer")
    assert column is not None
    assert column.null
    run(tables, "ALTER TABLE other.bill VALIDATE CONSTRAINT given")
    column = PostgreSQLCatalogue(database).column("other.bill", "customer")
    assert column is not None
    assert not column.null
