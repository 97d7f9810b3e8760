from __future__ import annotations

import pytest

from django_safe_migrate.analysis.column_types import ColumnType, loses_values


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("varchar(10)", "varchar(20)"),
        ("varchar(10)", "text"),
        ("smallint", "integer"),
        ("integer", "bigint"),
        ("integer", "numeric(12, 2)"),
        ("integer", "varchar(11)"),
        ("integer", "double precision"),
        ("numeric(8, 2)", "numeric(9, 3)"),
        ("numeric(8, 2)", "varchar(10)"),
        ("numeric(2, 2)", "varchar(5)"),
        ("boolean", "varchar(5)"),
        ("date", "varchar(13)"),
        ("timestamp with time zone", "varchar(38)"),
        ("uuid", "varchar(36)"),
        ("varchar(10)[]", "varchar(20)[]"),
        ("real", "varchar(15)"),
        ("integer UNSIGNED", "bigint"),
        ("integer UNSIGNED", "bigint UNSIGNED"),
        ("jsonb", "text"),
        ("date", "timestamp with time zone"),
    ],
)
def test_types_that_hold_everything(old, new):
    assert not loses_values("postgresql", old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("varchar(20)", "varchar(10)"),
        ("text", "varchar(10)"),
        ("text", "integer"),
        ("bigint", "integer"),
        ("bigint", "double precision"),
        ("integer", "numeric(10, 2)"),
        ("integer", "varchar(10)"),
        ("numeric(8, 2)", "varchar(9)"),
        ("numeric(2, 2)", "varchar(4)"),
        ("numeric", "varchar(100)"),
        ("boolean", "varchar(4)"),
        ("date", "varchar(12)"),
        ("timestamp with time zone", "varchar(37)"),
        ("uuid", "varchar(35)"),
        ("bytea", "varchar(100)"),
        ("date[]", "varchar(100)"),
        ("numeric(8, 2)", "numeric(8, 3)"),
        ("numeric(8, 2)", "numeric(8, 1)"),
        ("double precision", "integer"),
        ("integer", "integer UNSIGNED"),
        ("integer UNSIGNED", "integer"),
        ("timestamp with time zone", "date"),
        ("varchar(10)[]", "varchar(10)"),
    ],
)
def test_types_that_do_not(old, new):
    assert loses_values("postgresql", old, new)


def test_unknown_types_and_sqlite():
    assert not loses_values("postgresql", "", "integer")
    assert not loses_values("sqlite", "text", "integer")


def test_taking_a_type_apart():
    assert ColumnType.parse("numeric(7, 2)") == ColumnType("numeric", (7, 2), False, "")
    assert ColumnType.parse("integer UNSIGNED") == ColumnType("integer", (), True, "")
    assert ColumnType.parse("timestamp with time zone").name == "timestamp with time zone"
    assert ColumnType.parse("varchar(10)[3]") == ColumnType("varchar", (10,), False, "[3]")
    assert ColumnType.parse("Geometry(Point,4326)").name == "geometry(point,4326)"
