from __future__ import annotations

import pytest
from django.db import OperationalError

from django_safe_migrate.analysis.column_types import ColumnType, loses_values, rewrites

KEPT_BY_POSTGRESQL = [
    ("varchar(10)", "varchar(20)"),
    ("varchar(10)", "varchar"),
    ("varchar(10)", "text"),
    ("text", "varchar"),
    ("text", "citext"),
    ("numeric(8, 2)", "numeric(10, 2)"),
    ("numeric(8, 2)", "numeric"),
    ("cidr", "inet"),
    ("integer", "integer"),
]
WRITTEN_BY_POSTGRESQL = [
    ("varchar(20)", "varchar(10)"),
    ("text", "varchar(10)"),
    ("char(10)", "text"),
    ("numeric(8, 2)", "numeric(8, 3)"),
    ("numeric(8, 2)", "numeric(7, 2)"),
    ("integer", "bigint"),
    ("bigint", "integer"),
    ("integer", "numeric(10, 2)"),
    ("timestamp with time zone", "date"),
    ("date", "timestamp with time zone"),
    ("jsonb", "text"),
    ("boolean", "integer"),
    ("varchar(10)[]", "varchar(20)[]"),
    ("something", "else"),
]


#: Without the type of an extension, and without one that does not exist.
KNOWN_BY_POSTGRESQL = [
    pair
    for pair in [*KEPT_BY_POSTGRESQL, *WRITTEN_BY_POSTGRESQL]
    if not {"citext", "else"} & set(pair)
]


@pytest.mark.parametrize(("old", "new"), KEPT_BY_POSTGRESQL)
def test_postgresql_keeps_rows(old, new):
    assert not rewrites("postgresql", old, new)


@pytest.mark.parametrize(("old", "new"), WRITTEN_BY_POSTGRESQL)
def test_postgresql_writes_the_table_anew(old, new):
    assert rewrites("postgresql", old, new)


@pytest.mark.parametrize(("old", "new"), KNOWN_BY_POSTGRESQL)
@pytest.mark.vendors("postgresql")
def test_what_the_server_does(old, new, connection):
    """The file of the table changes exactly when the table is written anew."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE t (c {old})")
        cursor.execute("SELECT pg_relation_filenode('t')")
        before = cursor.fetchone()
        using = "c::int" if (old, new) == ("boolean", "integer") else f"c::{new}"
        cursor.execute(f"ALTER TABLE t ALTER COLUMN c TYPE {new} USING {using}")
        cursor.execute("SELECT pg_relation_filenode('t')")
        assert (cursor.fetchone() != before) is rewrites("postgresql", old, new)


#: Old type, new type, whether MySQL writes the table anew, whether MariaDB does.
INNODB = [
    ("varchar(10)", "varchar(63)", False, False),
    ("varchar(64)", "varchar(200)", False, False),
    ("varchar(31)", "varchar(64)", True, False),
    ("varchar(32)", "varchar(64)", True, True),
    ("varchar(20)", "varchar(10)", True, True),
    ("varchar(20)", "longtext", True, True),
    ("integer", "bigint", True, True),
    ("numeric(8, 2)", "numeric(10, 2)", True, True),
]


@pytest.mark.parametrize(("old", "new", "mysql", "mariadb"), INNODB)
def test_innodb(old, new, mysql, mariadb):
    assert rewrites("mysql", old, new) is mysql
    assert rewrites("mariadb", old, new) is mariadb


@pytest.mark.parametrize(("old", "new", "mysql", "mariadb"), INNODB)
@pytest.mark.vendors("mariadb")
def test_what_mariadb_does(old, new, mysql, mariadb, connection):
    """It accepts ALGORITHM=NOCOPY exactly when it need not write the table anew."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE t (c {old}) CHARACTER SET utf8mb4")
        change = f"ALTER TABLE t MODIFY c {new}, ALGORITHM=NOCOPY"
        if mariadb:
            with pytest.raises(OperationalError, match="ALGORITHM=NOCOPY is not supported"):
                cursor.execute(change)
        else:
            cursor.execute(change)


def test_an_unknown_vendor_gets_the_expensive_answer():
    assert rewrites("oracle", "varchar(10)", "varchar(20)")


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
