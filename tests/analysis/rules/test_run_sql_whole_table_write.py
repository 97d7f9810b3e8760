from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, findings

finds = partial(assert_finds, "run_sql_whole_table_write")
clean = partial(assert_clean, "run_sql_whole_table_write")


def run(sql, reverse=""):
    return [operations.RunSQL(sql, reverse)]


def test_update():
    [found] = finds(
        run("UPDATE shop_order SET state = 1"),
        "UPDATE in shop.0002_change writes every row of shop_order in one statement, and keeps what it writes locked until the migration "
        "ends.",
    )
    assert found.tables == ("shop_order",)
    assert found.hint == (
        "Work in batches, each a transaction of its own, in a migration with atomic = False:\n\n"
        "def fill(apps, schema_editor):\n"
        "    with schema_editor.connection.cursor() as cursor:\n"
        '        cursor.execute("SELECT min(id), max(id) FROM shop_order")\n'
        "        first, last = cursor.fetchone()\n"
        "        for start in range(first or 0, (last or -1) + 1, 1000):\n"
        "            cursor.execute('UPDATE shop_order SET state = 1 WHERE id BETWEEN %s AND %s', [start, start + 999])\n"
    )


def test_insert_of_another_table():
    message = (
        "INSERT in shop.0002_change reads every row of shop_order into shop_tag in one statement, and keeps what it writes locked until "
        "the statement ends."
    )
    [found] = finds(
        run("INSERT INTO shop_tag SELECT id FROM shop_order ON CONFLICT DO NOTHING"),
        message,
        atomic=False,
    )
    assert found.tables == ("shop_order",)
    assert "'INSERT ... WHERE id BETWEEN %s AND %s'" in found.hint
    finds(run("INSERT IGNORE INTO shop_tag SELECT id FROM shop_order"), message, on="mysql")


def test_table_whose_key_is_not_known():
    [found] = finds(
        run("UPDATE legacy SET a = 1"),
        "UPDATE in shop.0002_change writes every row of legacy in one statement, and keeps what it writes locked until the migration "
        "ends.",
    )
    assert found.hint.endswith("with atomic = False, by ranges of the primary key.")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE shop_order SET state = 1 WHERE state IS NULL",
        "UPDATE shop_order SET state = 1 FROM shop_tag WHERE shop_tag.id = shop_order.id",
        "INSERT INTO shop_tag VALUES (1)",
        "INSERT INTO shop_tag SELECT id FROM shop_order WHERE id < 5",
        "DELETE FROM shop_order",
        "SELECT * FROM shop_order",
        "CREATE TABLE x AS SELECT * FROM shop_order",
    ],
)
def test_other_statements(sql):
    clean(run(sql))


def test_new_tables():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, *run("UPDATE shop_new SET id = 1; INSERT INTO shop_new SELECT id FROM shop_order")])
    clean(
        run("CREATE TABLE x (id int); INSERT INTO x SELECT id FROM shop_order; UPDATE x SET id = 1")
    )


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("UPDATE shop_order SET number = 7", 2_500),
        ("INSERT INTO shop_tag SELECT id FROM shop_order", 2_500),
    ],
)
def test_pasted_code_does_the_same(connection, sql, count):
    with connection.schema_editor() as editor:
        editor.execute("CREATE TABLE shop_order (id integer PRIMARY KEY, number integer)")
        editor.execute("CREATE TABLE shop_tag (id integer PRIMARY KEY)")
    values = ", ".join(f"({n}, 0)" for n in range(3, 2_503))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO shop_order VALUES {values}")
    [found] = [one for one in findings(run(sql)) if one.rule == "run_sql_whole_table_write"]
    names: dict[str, Any] = {}
    exec(found.hint.partition("\n\n")[2], names)  # noqa: S102 - our own text
    names["fill"](None, SimpleNamespace(connection=connection))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM shop_order WHERE number = 7) + (SELECT count(*) FROM shop_tag)"
        )
        assert cursor.fetchone() == (count,)
