from __future__ import annotations

from functools import partial

import pytest
from django.db import connection, models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_python_sql_from_text")
clean = partial(assert_clean, "run_python_sql_from_text")

MESSAGE = (
    "RunPython of {} in shop.0002_change writes values of {} into the text of SQL, which an apostrophe breaks and anybody who could "
    "enter such a value can extend."
)


def formatted(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        schema_editor.execute(f"UPDATE x SET title = '{order.title}' WHERE id = {order.pk}")


def with_a_cursor(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for order in apps.get_model("shop", "Order").objects.iterator():
            sql = "UPDATE x SET title = '%s' WHERE id = %s" % (order.title, order.pk)  # noqa: UP031
            cursor.execute(sql)


def by_method(apps, schema_editor):
    for row in apps.get_model("shop", "Order").objects.values("title", "pk"):
        connection.cursor().execute("UPDATE x SET a = '{}'".format(row["title"]))


def added_up(apps, schema_editor):
    order = apps.get_model("shop", "Order").objects.first()
    connection.cursor().execute("UPDATE x SET a = '" + order.note + "'")


def of_values_list(apps, schema_editor):
    for pk, title in apps.get_model("shop", "Order").objects.values_list("pk", "title"):
        schema_editor.execute(f"UPDATE x SET a = '{title}' WHERE id = {pk}")


def _update(cursor, value):
    cursor.execute(f"UPDATE x SET a = '{value}'")


def in_another_function(apps, schema_editor):
    for title in apps.get_model("shop", "Order").objects.values_list("title", flat=True):
        _update(schema_editor.connection.cursor(), title)


POSITIVE = [
    (formatted, "shop.Order.title"),
    (with_a_cursor, "shop.Order.title"),
    (by_method, "shop.Order.title"),
    (added_up, "shop.Order.note"),
    (of_values_list, "shop.Order.title"),
    (in_another_function, "shop.Order.title"),
]


@pytest.mark.parametrize(("function", "column"), POSITIVE)
def test_values_of_rows(function, column):
    [found] = finds([operations.RunPython(function)], MESSAGE.format(function.__name__, column))
    assert found.severity.label == "warning"
    assert found.file == __file__
    assert found.hint == (
        'Give the values apart from the text:\n\nexecute("... WHERE title = %s", [value])'
    )


TABLE = "shop_order"


def parameters(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        schema_editor.execute("UPDATE x SET a = %s", [order.title])


def names_of_tables(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    quote = schema_editor.connection.ops.quote_name
    schema_editor.execute(f"ANALYZE {quote(Order._meta.db_table)}")
    schema_editor.execute("ANALYZE " + Order._meta.get_field("title").column)
    schema_editor.execute(f"ANALYZE {TABLE}")


def constants(apps, schema_editor):
    for table in ("a", "b"):
        schema_editor.execute(f"ANALYZE {table}")
    schema_editor.execute("SELECT %s" % 1)  # noqa: UP031


def numbers(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        schema_editor.execute(f"DELETE FROM x WHERE order_id = {order.pk} OR n = {order.number}")


def escaped(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        title = order.title.replace("'", "''")
        schema_editor.execute(f"UPDATE x SET a = '{title}'")


def of_the_catalogue(apps, schema_editor):
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint")
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE x DROP CONSTRAINT {name}")


def not_sql(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        print(f"Order {order.title}")


NEGATIVE = [
    parameters,
    names_of_tables,
    constants,
    numbers,
    escaped,
    of_the_catalogue,
    not_sql,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_other_texts(function):
    clean([operations.RunPython(function)])


def test_no_function_of_python():
    clean([operations.AddField("Order", "x", models.TextField(null=True))])
