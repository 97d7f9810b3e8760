from __future__ import annotations

from functools import partial
from itertools import islice

import pytest
from django.core.paginator import Paginator
from django.db import models
from django.db.migrations import operations
from django.db.models import Q

from tests.analysis.lint import assert_clean, assert_finds
from tests.analysis.reading_python.hints import function_of

finds = partial(assert_finds, "run_python_loads_all_rows")
clean = partial(assert_clean, "run_python_loads_all_rows")

MESSAGE = "RunPython of {} in shop.0002_change loads every row of shop_order into memory at once."
MATCHING = MESSAGE.replace("shop_order", "shop_order that matches")


def loop_over_all(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.all():
        print(order)


def loop_over_manager_with_alias(apps, schema_editor):
    orders = apps.get_model("shop.Order")._default_manager
    for index, order in enumerate(orders.using(schema_editor.connection.alias).order_by("pk")):
        print(index, order)


def comprehension(apps, schema_editor):
    Order = apps.get_model(app_label="shop", model_name="Order")
    return {order.pk: order for order in Order.objects.select_related("customer")}


def made_into_a_list(apps, schema_editor):
    orders = list(apps.get_model("shop", "Order").objects.filter(note__isnull=True))
    print(orders)


def condition_that_leaves_many(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.filter(Q(note__isnull=True) | Q(note="")):
        print(order)


def _go_through(rows):
    for row in rows:
        print(row)


def in_another_function(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    _go_through(Order.objects.exclude(note=None))


def walrus(apps, schema_editor):
    if orders := apps.get_model("shop", "Order").objects.all():
        for order in orders:
            print(order)


POSITIVE = [
    loop_over_all,
    loop_over_manager_with_alias,
    comprehension,
    walrus,
]
WITH_A_CONDITION = [made_into_a_list, condition_that_leaves_many, in_another_function]


@pytest.mark.parametrize("function", POSITIVE, ids=lambda function: function.__name__)
def test_whole_table(function):
    [found] = finds([operations.RunPython(function)], MESSAGE.format(function.__name__))
    assert found.severity.label == "warning"
    assert found.file == __file__


@pytest.mark.parametrize("function", WITH_A_CONDITION, ids=lambda function: function.__name__)
def test_condition_that_may_leave_nearly_all(function):
    finds([operations.RunPython(function)], MATCHING.format(function.__name__))


def test_line_and_hint():
    [found] = finds([operations.RunPython(loop_over_all)], MESSAGE.format("loop_over_all"))
    assert found.line == loop_over_all.__code__.co_firstlineno + 2
    assert found.hint == (
        "Fetch the rows in portions:\n\nfor row in Order.objects.all().iterator(chunk_size=2000):\n    ..."
    )


def test_hint_is_clean(tmp_path):
    [found] = finds([operations.RunPython(loop_over_all)], MESSAGE.format("loop_over_all"))
    clean([operations.RunPython(function_of(found.hint, tmp_path))])


def streamed(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.filter(note=None).order_by("pk").iterator(chunk_size=500):
        print(order)


def slices(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    while True:
        batch = list(Order.objects.filter(note=None)[:1000])
        if not batch:
            break
        for order in batch:
            print(order)


def ranges_of_keys(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    last = Order.objects.order_by("-pk").first()
    for start in range(0, last.pk, 1000):
        for order in Order.objects.filter(pk__gte=start, pk__lt=start + 1000):
            print(order)


def pages(apps, schema_editor):
    paginator = Paginator(apps.get_model("shop", "Order").objects.order_by("pk"), 1000)
    for number in paginator.page_range:
        for order in paginator.page(number).object_list:
            print(order)
    for page in paginator:
        print([order.pk for order in page])


def conditions_that_may_leave_few(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    wanted = {"x"}
    for order in Order.objects.filter(title="old"):
        print(order)
    for order in Order.objects.filter(note=None, title__in=wanted):
        print(order)
    for order in Order.objects.filter(Q(title="x") & Q(note=None)):
        print(order)
    for order in Order.objects.filter(**{"title": "x"}):
        print(order)


def keys_and_groups(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for key in Order.objects.values_list("pk", flat=True):
        print(key)
    for title in Order.objects.values_list("title").distinct():
        print(title)
    for row in Order.objects.values("title").annotate(number=models.Count("pk")):
        print(row)
    print(Order.objects.count(), Order.objects.exists(), Order.objects.first())


def related_rows(apps, schema_editor):
    Customer = apps.get_model("shop", "Customer")
    for order in Customer.objects.get(pk=1).order_set.all():
        print(order)


def portions(apps, schema_editor):
    rows = apps.get_model("shop", "Order").objects.iterator(chunk_size=1000)
    while batch := list(islice(rows, 1000)):
        print(batch)


def no_historical_model(apps, schema_editor):
    for thing in apps.unknown("shop", "Order").objects.all():
        print(thing)


def small_by_nature(apps, schema_editor):
    for one in apps.get_model("contenttypes", "ContentType").objects.all():
        print(one)


NEGATIVE = [
    streamed,
    slices,
    ranges_of_keys,
    pages,
    conditions_that_may_leave_few,
    keys_and_groups,
    related_rows,
    portions,
    no_historical_model,
    small_by_nature,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_parts_of_a_table(function):
    clean([operations.RunPython(function)])


def test_no_code():
    clean([operations.RunPython(operations.RunPython.noop, loop_over_all)])


def test_going_back():
    forwards = operations.RunPython(loop_over_all, operations.RunPython.noop)
    clean([forwards], backwards=True)
    backwards = operations.RunPython(operations.RunPython.noop, loop_over_all)
    finds([backwards], MESSAGE.format("loop_over_all"), backwards=True)


def loop_over_new(apps, schema_editor):
    for row in apps.get_model("shop", "New").objects.all():
        print(row)


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.RunPython(loop_over_new)])
