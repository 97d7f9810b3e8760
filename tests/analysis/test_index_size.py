from __future__ import annotations

import pytest

from django_safe_migrate.analysis.index_size import ENTRY_BYTES, is_of_numbers, new_index_bytes
from django_safe_migrate.databases.answers import TableSize
from django_safe_migrate.databases.facts import Catalogue, Facts
from django_safe_migrate.databases.statements import (
    AddColumn,
    AddConstraint,
    AlterTable,
    ColumnDefinition,
    ConstraintKind,
    CreateIndex,
)

SIZE = TableSize(rows=1000, exact=True, data_bytes=100_000, index_bytes=0)
TYPES = {"id": "bigint", "flag": "boolean", "name": "character varying(100)", "code": "varchar(5)"}


class Known(Catalogue):
    def column(self, table, name):
        return ColumnDefinition(name=name, type=TYPES[name]) if name in TYPES else None


def entry(statement, size=SIZE):
    return new_index_bytes(size, Facts(statement=statement), Known()) // size.rows - ENTRY_BYTES


@pytest.mark.parametrize(
    ("columns", "width"),
    [
        (["id"], 8),
        (["id", "flag"], 9),
        (["code"], 5),
        (["name"], 32),
        (["unknown"], 32),
        ([], 32),
    ],
)
def test_width_of_a_key(columns, width):
    assert entry(CreateIndex(table="t", columns=tuple(columns))) == width


def test_a_key_is_no_wider_than_the_row():
    narrow = TableSize(rows=1000, exact=True, data_bytes=10_000, index_bytes=0)
    assert entry(CreateIndex(table="t", columns=("name",)), narrow) == 10


def test_indexes_of_constraints_and_of_new_columns():
    unique = AddConstraint(kind=ConstraintKind.UNIQUE, columns=("id",))
    assert entry(AlterTable(table="t", actions=(unique,))) == 8
    added = AddColumn(column=ColumnDefinition(name="x", type="uuid", unique=True))
    assert entry(AlterTable(table="t", actions=(added,))) == 16


@pytest.mark.parametrize(
    ("columns", "numbers"),
    [
        (["id"], True),
        (["id", "flag"], True),
        (["id", "name"], False),
        (["unknown"], False),
        ([], False),
    ],
)
def test_numbers_alone(columns, numbers):
    facts = Facts(statement=CreateIndex(table="t", columns=tuple(columns)))
    assert is_of_numbers(facts, Known()) is numbers


def test_an_empty_table():
    nothing = TableSize(rows=0, exact=True, data_bytes=0, index_bytes=0)
    facts = Facts(statement=CreateIndex(table="t", columns=("id",)))
    assert new_index_bytes(nothing, facts, Known()) == 0
