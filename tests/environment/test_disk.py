from __future__ import annotations

import pytest

from django_safe_migrate.databases import Database
from django_safe_migrate.environment.disk import check


class Disk(Database):
    """Two tables of 3 GB and 1 GB."""

    free: int | None = 10 * 2**30

    def table_bytes(self, tables):
        sizes = {"shop_order": 3 * 2**30, "shop_tag": 2**30}
        return {table: sizes[table] for table in tables if table in sizes}

    def free_disk_bytes(self):
        return self.free


def found(make_context, connection, free, *tables):
    database = Disk(connection)
    database.free = free
    return [
        (finding.rule, finding.severity.label, finding.message)
        for finding in check(make_context(database=database, rewritten_tables=tables))
    ]


pytestmark = pytest.mark.vendors("sqlite")


def test_enough(make_context, connection):
    assert found(make_context, connection, 10 * 2**30, "shop_order", "shop_tag") == []


def test_the_largest_does_not_fit(make_context, connection):
    assert found(make_context, connection, 2 * 2**30, "shop_order", "shop_tag") == [
        (
            "disk_too_full",
            "error",
            "Table shop_order is written anew, which needs 3.0 GB more disk space, and 2.0 GB are free.",
        )
    ]


def test_not_all_of_them_fit(make_context, connection):
    assert found(make_context, connection, int(3.5 * 2**30), "shop_order", "shop_tag") == [
        (
            "disk_nearly_full",
            "warning",
            "2 tables are written anew, which needs up to 4.0 GB more disk space, and 3.5 GB are free.",
        )
    ]


def test_nothing_is_known(make_context, connection):
    assert found(make_context, connection, None, "shop_order") == []
    assert found(make_context, connection, 0, "unknown") == []
    assert found(make_context, connection, 0) == []


def test_a_real_database(make_context, connection):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id integer)")
    assert list(check(make_context(rewritten_tables=("t",)))) == []
