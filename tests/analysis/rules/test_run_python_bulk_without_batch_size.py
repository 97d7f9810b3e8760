from __future__ import annotations

from functools import partial
from itertools import islice

import pytest
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_python_bulk_without_batch_size")
clean = partial(assert_clean, "run_python_bulk_without_batch_size")

MESSAGE = (
    "RunPython of {} in shop.0002_change gives all its rows for {} to one {}() without a batch_size, "
    "which the server refuses when they are too many."
)


def collected(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    changed = []
    for order in Order.objects.iterator():
        order.state = 1
        changed.append(order)
    Order.objects.bulk_update(changed, ["state"])


def comprehension(apps, schema_editor):
    Order, Customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    Customer.objects.bulk_create([Customer(name=order.title) for order in Order.objects.iterator()])


def generator(apps, schema_editor):
    Order, Customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    Customer.objects.bulk_create(
        (Customer(name=order.title) for order in Order.objects.all()), ignore_conflicts=True
    )


def a_queryset(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    Order.objects.bulk_update(Order.objects.all(), ["state"])


def a_list_of_all(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    orders = list(Order.objects.filter(note=None))
    for order in orders:
        order.note = ""
    Order.objects.bulk_update(orders, fields=["note"])


def added_to_a_list(apps, schema_editor):
    Order, Customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    made = []
    for order in Order.objects.iterator():
        made += [Customer(name=order.title)]
    Customer.objects.bulk_create(made)


POSITIVE = [
    (collected, "shop_order", "bulk_update"),
    (comprehension, "shop_customer", "bulk_create"),
    (generator, "shop_customer", "bulk_create"),
    (a_queryset, "shop_order", "bulk_update"),
    (a_list_of_all, "shop_order", "bulk_update"),
    (added_to_a_list, "shop_customer", "bulk_create"),
]


@pytest.mark.parametrize(("function", "table", "method"), POSITIVE)
def test_as_many_as_the_table_has(function, table, method):
    [found] = finds(
        [operations.RunPython(function)], MESSAGE.format(function.__name__, table, method)
    )
    assert found.severity.label == "warning"
    assert found.file == __file__
    finds(
        [operations.RunPython(function)],
        MESSAGE.format(function.__name__, table, method),
        on="mysql",
    )


def test_hint():
    [found] = finds(
        [operations.RunPython(collected)],
        MESSAGE.format("collected", "shop_order", "bulk_update"),
    )
    assert found.hint == "Order.objects.bulk_update(changed, ['state'], batch_size=2000)"


def with_batch_size(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    orders = list(Order.objects.iterator())
    Order.objects.bulk_update(orders, ["state"], batch_size=500)
    Order.objects.bulk_update(orders, ["state"], 500)
    Order.objects.bulk_create(orders, 500)
    options = {"batch_size": 500}
    Order.objects.bulk_create(orders, **options)


def emptied(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    batch = []
    for order in Order.objects.iterator():
        batch.append(order)
        if len(batch) >= 1000:
            Order.objects.bulk_update(batch, ["state"])
            batch.clear()
    Order.objects.bulk_update(batch, ["state"])


def begun_anew(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    batch = []
    for order in Order.objects.iterator():
        batch.append(order)
        if len(batch) >= 1000:
            Order.objects.bulk_update(batch, ["state"])
            batch = []


def emptied_elsewhere(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    batch = []

    def flush():
        Order.objects.bulk_update(batch, ["state"])
        del batch[:]

    for order in Order.objects.iterator():
        batch.append(order)
        if len(batch) >= 1000:
            flush()
    flush()


def slices(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    orders = list(Order.objects.all())
    for start in range(0, len(orders), 500):
        Order.objects.bulk_update(orders[start : start + 500], ["state"])


def portions(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    rows = Order.objects.iterator()
    while batch := list(islice(rows, 500)):
        Order.objects.bulk_update(batch, ["state"])


def batches_of_the_loop(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    while batch := list(Order.objects.filter(note=None)[:500]):
        for order in batch:
            order.note = ""
        Order.objects.bulk_update(batch, ["note"])


def _chunked(rows, size):
    for start in range(0, rows.count(), size):
        yield rows[start : start + size]


def chunks_of_the_project(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for batch in _chunked(Order.objects.order_by("pk"), 500):
        Order.objects.bulk_update(list(batch), ["state"])


def a_few(apps, schema_editor):
    Customer = apps.get_model("shop", "Customer")
    Customer.objects.bulk_create([Customer(name=name) for name in ("Ada", "Grace")])
    Customer.objects.bulk_create([Customer(name="Joan")])


def lists_of_each_row(apps, schema_editor):
    Order, Customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    for order in Order.objects.iterator():
        made = []
        for name in order.title.split():
            made.append(Customer(name=name))
        Customer.objects.bulk_create(made)


NEGATIVE = [
    with_batch_size,
    emptied,
    begun_anew,
    emptied_elsewhere,
    slices,
    portions,
    batches_of_the_loop,
    chunks_of_the_project,
    a_few,
    lists_of_each_row,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_batches(function):
    clean([operations.RunPython(function)])


def test_sqlite_is_given_batches_by_django():
    clean([operations.RunPython(collected)], on="sqlite")


def new_rows(apps, schema_editor):
    New = apps.get_model("shop", "New")
    Order = apps.get_model("shop", "Order")
    New.objects.bulk_create([New(id=order.pk) for order in Order.objects.iterator()])


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.RunPython(new_rows)])
