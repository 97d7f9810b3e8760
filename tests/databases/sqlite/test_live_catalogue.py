"""What SQLite says of its tables."""

from __future__ import annotations

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from django_safe_migrate.databases import get_database
from django_safe_migrate.databases.facts import ConstraintDefinition, IndexDefinition
from django_safe_migrate.databases.sqlite.live_catalogue import SQLiteCatalogue
from django_safe_migrate.databases.statements import ColumnDefinition, ConstraintKind, Default
from tests.databases.conftest import run

pytestmark = [pytest.mark.vendors("sqlite"), pytest.mark.sqlite]


@pytest.fixture
def catalogue(connection: BaseDatabaseWrapper) -> SQLiteCatalogue:
    run(
        connection,
        "CREATE TABLE customer (id integer PRIMARY KEY)",
        """CREATE TABLE box (id integer PRIMARY KEY, name varchar(20) DEFAULT 'x(' NOT NULL UNIQUE, at datetime DEFAULT CURRENT_TIMESTAMP,
           twice integer AS (id * 2) VIRTUAL, customer_id bigint REFERENCES customer (id))""",
        "CREATE INDEX at_idx ON box (at, name)",
        "CREATE VIEW names AS SELECT name FROM box",
    )
    return SQLiteCatalogue(get_database(connection))


def test_columns(catalogue: SQLiteCatalogue) -> None:
    assert [catalogue.column("BOX", name) for name in ("id", "NAME", "at", "twice", "no")] == [
        ColumnDefinition(name="id", type="integer", primary_key=True),
        ColumnDefinition(name="name", type="varchar(20)", null=False, default=Default.CONSTANT),
        ColumnDefinition(name="at", type="datetime", default=Default.STABLE),
        ColumnDefinition(name="twice", type="integer", generated="virtual"),
        None,
    ]


def test_indexes_constraints_and_views(catalogue: SQLiteCatalogue) -> None:
    found = catalogue.indexes("box") or ()
    assert IndexDefinition(name="at_idx", columns=("at", "name")) in found
    assert catalogue.index_table("at_idx") == "box"
    assert [(one.kind, one.columns) for one in catalogue.constraints("box") or ()] == [
        (ConstraintKind.UNIQUE, ("name",)),
        (ConstraintKind.FOREIGN_KEY, ("customer_id",)),
    ]
    assert catalogue.constraints("box")[1] == ConstraintDefinition(  # type: ignore[index]
        name="",
        kind=ConstraintKind.FOREIGN_KEY,
        columns=("customer_id",),
        references="customer",
        referenced_columns=("id",),
    )
    assert catalogue.referencing("Customer") == ("box",)
    assert catalogue.dependants("box", "name") == ("names",)
    assert catalogue.dependants("box", "at") == ()
    assert [catalogue.kind(name) for name in ("box", "names", "no")] == ["table", "view", None]
    assert catalogue.indexes("no") is None
    assert catalogue.constraints("no") is None


def test_the_journal_mode(catalogue: SQLiteCatalogue, connection: BaseDatabaseWrapper) -> None:
    run(connection, "PRAGMA journal_mode = wal")
    assert catalogue.journal_mode == "wal"


def test_everything_is_asked_once(
    catalogue: SQLiteCatalogue, connection: BaseDatabaseWrapper
) -> None:
    with CaptureQueriesContext(connection) as queries:
        for table in ("box", "customer", "box"):
            catalogue.column(table, "id")
            catalogue.indexes(table)
            catalogue.constraints(table)
            catalogue.referencing(table)
    assert len(queries) == 4
