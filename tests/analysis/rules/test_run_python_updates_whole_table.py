from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.models import F, Q

from tests.analysis.lint import assert_clean, assert_finds
from tests.analysis.reading_python.hints import function_of

finds = partial(assert_finds, "run_python_updates_whole_table")
clean = partial(assert_clean, "run_python_updates_whole_table")

UPDATED = (
    "RunPython of {} in shop.0002_change updates every row of shop_order in one statement, "
    "and each stays locked, which blocks writes to it, until {}."
)
DELETED = "RunPython of {} in shop.0002_change deletes every row of shop_order, and what they held is gone for good."


def updated(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    Order.objects.update(state=1)


def updated_all(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    Order.objects.all().order_by().update(number=F("id"))


def updated_with_alias(apps, schema_editor):
    orders = apps.get_model("shop", "Order").objects.using(schema_editor.connection.alias)
    orders.update(state=1)


def updated_by_method(apps, schema_editor):
    update = apps.get_model("shop", "Order").objects.update
    update(state=1)


def updated_in_nested_function(apps, schema_editor):
    Order = apps.get_model("shop", "Order")

    def fill(**values):
        Order.objects.annotate(x=F("id")).update(**values)

    fill(state=1)


def updated_where_condition_is_empty(apps, schema_editor):
    apps.get_model("shop", "Order").objects.filter().update(state=2)


UPDATES = [
    updated,
    updated_all,
    updated_with_alias,
    updated_by_method,
    updated_in_nested_function,
    updated_where_condition_is_empty,
]


@pytest.mark.parametrize("function", UPDATES, ids=lambda function: function.__name__)
def test_update_of_all(function):
    [found] = finds(
        [operations.RunPython(function)],
        UPDATED.format(function.__name__, "the transaction ends"),
    )
    assert found.severity.label == "warning"
    assert found.file == __file__


def test_without_a_transaction():
    finds([operations.RunPython(updated)], UPDATED.format("updated", "it is done"), atomic=False)


def test_hint_is_clean(tmp_path):
    [found] = finds(
        [operations.RunPython(updated)], UPDATED.format("updated", "the transaction ends")
    )
    assert found.hint == (
        "In a migration of its own with atomic = False:\n\n"
        'keys = Order.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000)\n'
        "while batch := list(itertools.islice(keys, 5000)):\n"
        "    Order.objects.filter(pk__in=batch).update(state=1)"
    )
    hinted = operations.RunPython(function_of(found.hint, tmp_path))
    for rule in (
        "run_python_updates_whole_table",
        "run_python_loads_all_rows",
        "run_python_saves_in_loop",
    ):
        assert_clean(rule, [hinted], atomic=False)


def deleted(apps, schema_editor):
    apps.get_model("shop", "Order").objects.all().delete()


def test_delete_of_all():
    [found] = finds([operations.RunPython(deleted)], DELETED.format("deleted"))
    assert found.severity.label == "error"
    assert "filter()" in found.hint


def test_going_back():
    backwards = operations.RunPython(operations.RunPython.noop, deleted)
    finds([backwards], DELETED.format("deleted"), backwards=True)
    clean([backwards])


def missing_values(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    Order.objects.filter(note__isnull=True).update(note="")
    Order.objects.exclude(state=1).update(state=1)


def batches(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    while True:
        keys = Order.objects.filter(note=None).values_list("pk", flat=True)[:1000]
        if not Order.objects.filter(pk__in=list(keys)).update(note=""):
            break


def perhaps_filtered(apps, schema_editor, only=None):
    rows = apps.get_model("shop", "Order").objects.all()
    if only:
        rows = rows.filter(title=only)
    rows.update(state=1)


def method_of_the_project(apps, schema_editor):
    apps.get_model("shop", "Order").objects.finished().update(state=1)


def complex_condition(apps, schema_editor):
    apps.get_model("shop", "Order").objects.filter(Q(state=1) | ~Q(note="")).delete()


def one_row(apps, schema_editor):
    order = apps.get_model("shop", "Order").objects.first()
    order.delete()


def related_rows(apps, schema_editor):
    customer = apps.get_model("shop", "Customer").objects.get(pk=1)
    customer.order_set.all().delete()


def a_dictionary(apps, schema_editor):
    values = {}
    values.update(state=1)


NEGATIVE = [
    missing_values,
    batches,
    perhaps_filtered,
    method_of_the_project,
    complex_condition,
    one_row,
    related_rows,
    a_dictionary,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_some_rows(function):
    clean([operations.RunPython(function)])


def fill_new(apps, schema_editor):
    apps.get_model("shop", "New").objects.update(x=1)


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.RunPython(fill_new)])


def by_sql(apps, schema_editor):
    schema_editor.execute("UPDATE shop_order SET state = 1")


def one_by_sql(apps, schema_editor):
    schema_editor.execute("UPDATE shop_order SET state = 1 WHERE id = 4711")


def test_sql():
    [found] = finds(
        [operations.RunPython(by_sql)],
        "RunPython of by_sql in shop.0002_change updates every row of shop_order in one statement, and each stays locked, which blocks "
        "writes to it, until the transaction ends.",
    )
    assert "UPDATE shop_order SET state = 1 WHERE id BETWEEN %s AND %s" in found.hint
    clean([operations.RunPython(one_by_sql)])
