from __future__ import annotations

from functools import partial

import pytest
from django.db import models, transaction
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from tests.analysis.lint import assert_clean, assert_finds, findings, initial, migration
from tests.analysis.reading_python.hints import function_of

finds = partial(assert_finds, "run_python_saves_in_loop")
clean = partial(assert_clean, "run_python_saves_in_loop")

MESSAGE = (
    "RunPython of {} in shop.0002_change writes to {} row by row, with a statement for each {}."
)


def saved(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.iterator(chunk_size=2000):
        order.state = order.number + 1
        order.save(update_fields=["state"])


def deleted(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.filter(note=None).iterator():
        if order.number > 3:
            order.delete()


def created(apps, schema_editor):
    Order, Customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    for order in Order.objects.iterator():
        Customer.objects.create(name=order.title)


def created_and_saved(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    Customer = apps.get_model("shop", "Customer")
    for order in Order.objects.all():
        customer = Customer(name=order.title)
        customer.save()


def updated_by_key(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.iterator():
        Order.objects.filter(pk=order.pk).update(state=order.number)


def in_batches_still_one_by_one(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    while True:
        batch = Order.objects.filter(note__isnull=True)[:1000]
        if not batch:
            return
        with transaction.atomic():
            for order in batch:
                order.note = ""
                order.save()


def _fix(order):
    order.state = 1
    order.save()
    return order


def in_another_function(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        _fix(order)


def in_a_nested_function_of_a_generator(apps, schema_editor):
    Order = apps.get_model("shop", "Order")

    def pending():
        yield from Order.objects.filter(note=None).iterator()

    for order in pending():
        order.save()


def kept_outer_loop(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        while True:
            if order.number:
                order.save()
                break


POSITIVE = [
    (saved, "shop_order", "save()"),
    (deleted, "shop_order", "delete()"),
    (created, "shop_customer", "create() for each row of shop_order"),
    (created_and_saved, "shop_customer", "save() for each row of shop_order"),
    (updated_by_key, "shop_order", "update()"),
    (in_batches_still_one_by_one, "shop_order", "save()"),
    (in_another_function, "shop_order", "save()"),
    (in_a_nested_function_of_a_generator, "shop_order", "save()"),
    (kept_outer_loop, "shop_order", "save()"),
]


#: What they write is decided by more than the text of the loop, or they write nothing that is known.
IN_WORDS = {
    in_another_function,
    in_a_nested_function_of_a_generator,
    kept_outer_loop,
}


@pytest.mark.parametrize(("function", "table", "method"), POSITIVE)
def test_one_by_one(function, table, method, tmp_path):
    message = MESSAGE.format(function.__name__, table, method)
    [found] = finds([operations.RunPython(function)], message)
    assert found.severity.label == "warning"
    assert found.file == __file__
    if function not in {*IN_WORDS, in_batches_still_one_by_one}:
        hinted = operations.RunPython(function_of(found.hint, tmp_path))
        for rule in (
            "run_python_saves_in_loop",
            "run_python_loads_all_rows",
            "run_python_bulk_without_batch_size",
            "run_python_updates_whole_table",
        ):
            assert_clean(rule, [hinted])


def test_hint():
    [found] = finds([operations.RunPython(saved)], MESSAGE.format("saved", "shop_order", "save()"))
    assert found.line == saved.__code__.co_firstlineno + 4
    assert found.hint == (
        "Write many rows with one statement:\n\n"
        "rows = []\n"
        "for order in Order.objects.iterator(chunk_size=2000):\n"
        "    order.state = order.number + 1\n"
        "    rows.append(order)\n"
        "    if len(rows) == 2000:\n"
        '        Order.objects.bulk_update(rows, ["state"], batch_size=2000)\n'
        "        rows.clear()\n"
        'Order.objects.bulk_update(rows, ["state"], batch_size=2000)'
    )


def saved_some(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for number, order in enumerate(Order.objects.order_by("pk")):
        if order.number % 2:
            continue
        order.title = f"{number}: {order.title!r}"
        order.state += 1
        order.save()


EQUIVALENT = [saved, saved_some, deleted, created, created_and_saved, updated_by_key]


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("function", EQUIVALENT, ids=lambda function: function.__name__)
def test_the_hint_does_the_same(function, connection, tmp_path):
    with connection.schema_editor() as editor:
        state = migration(initial(), "0001_initial").apply(ProjectState(), editor)
    customer = state.apps.get_model("shop", "Customer").objects.create(name="a")
    order = state.apps.get_model("shop", "Order")
    # More than a portion of those that are kept.
    order.objects.bulk_create(
        order(number=number, title=f"t{number}", code="", total=1, customer=customer)
        for number in range(2100)
    )
    [found] = [
        one
        for one in findings([operations.RunPython(function)])
        if one.rule == "run_python_saves_in_loop"
    ]
    hinted = function_of(found.hint, tmp_path)
    results = [_result_of(one, state.apps, connection) for one in (function, hinted)]
    assert results[0] == results[1]
    assert results[0] != _result_of(lambda apps, editor: None, state.apps, connection)


def _result_of(function, apps, connection):
    order, customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    with transaction.atomic():
        function(apps, connection.schema_editor())
        names = sorted(customer.objects.values_list("name", flat=True))
        rows = list(order.objects.order_by("pk").values_list())
        transaction.set_rollback(True)
    return rows, names


def updated_or_created(apps, schema_editor):
    Order, Customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    for order in Order.objects.iterator():
        Customer.objects.update_or_create(name=order.title, defaults={"name": order.code})


def created_from_a_relation(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        order.tags.create()


def returns_in_between(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        order.state = 1
        order.save()
        if order.number == 7:
            return


def handed_on(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        order.state = 1
        print(order)
        order.save()


def error_ignored(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        order.state = 1
        try:
            order.save()
        except ValueError:
            continue


def result_used(apps, schema_editor):
    Order, Customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    for order in Order.objects.iterator():
        made = Customer.objects.create(name=order.title)
        print(made.pk)


@pytest.mark.parametrize(
    "function",
    [
        *sorted(IN_WORDS, key=lambda one: one.__name__),
        updated_or_created,
        created_from_a_relation,
        returns_in_between,
        handed_on,
        error_ignored,
        result_used,
    ],
    ids=lambda function: function.__name__,
)
def test_words_where_no_code_surely_does_the_same(function):
    found = [
        one
        for one in findings([operations.RunPython(function)])
        if one.rule == "run_python_saves_in_loop"
    ]
    assert all("\n" not in one.hint and "rows.append" not in one.hint for one in found)
    assert all(one.hint.endswith(".") for one in found)


def saved_whole(apps, schema_editor):
    for row in apps.get_model("shop", "Stamped").objects.iterator():
        row.note = ""
        row.save()


def saved_one_field(apps, schema_editor):
    for row in apps.get_model("shop", "Stamped").objects.iterator():
        row.note = ""
        row.save(update_fields=["note"])


def test_what_save_fills_by_itself_is_not_left_out():
    stamped = operations.CreateModel(
        "Stamped",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("note", models.TextField()),
            ("changed", models.DateTimeField(auto_now=True)),
        ],
    )
    for function, has_code in ((saved_whole, False), (saved_one_field, True)):
        found = findings([operations.RunPython(function)], before=[*initial(), stamped])
        [hint] = [one.hint for one in found if one.rule == "run_python_saves_in_loop"]
        assert ("bulk_update(rows" in hint) is has_code


def one_row(apps, schema_editor):
    order = apps.get_model("shop", "Order").objects.get(pk=1)
    order.save()
    for order in apps.get_model("shop", "Order").objects.filter(title="x"):
        order.save()


def constants(apps, schema_editor):
    Customer = apps.get_model("shop", "Customer")
    for name in ["Ada", "Grace"]:
        Customer.objects.create(name=name)
        Customer.objects.update_or_create(name=name, defaults={"name": name})


def bulk(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    rows = []
    for order in Order.objects.iterator(chunk_size=1000):
        order.state = 1
        rows.append(order)
        if len(rows) >= 1000:
            Order.objects.bulk_update(rows, ["state"], batch_size=1000)
            rows = []
    Order.objects.bulk_update(rows, ["state"], batch_size=1000)


def batches_updated(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    keys = list(Order.objects.values_list("pk", flat=True))
    for start in range(0, len(keys), 500):
        Order.objects.filter(pk__in=keys[start : start + 500]).update(state=models.F("number"))


def rows_of_another_table(apps, schema_editor):
    Order, Customer = apps.get_model("shop", "Order"), apps.get_model("shop", "Customer")
    for customer in Customer.objects.iterator():
        Order.objects.filter(customer=customer).update(title=customer.name)


def first_that_fits(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        if order.number == 1:
            order.save()
            break


def first_that_fits_returned(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        if order.number == 1:
            order.save()
            return


def a_few(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.order_by("pk")[:10]:
        order.save()


def not_a_row(apps, schema_editor):
    for order in apps.get_model("shop", "Order").objects.iterator():
        {"x": 1}.update(order=order)
        print(order).save()


NEGATIVE = [
    one_row,
    constants,
    bulk,
    batches_updated,
    rows_of_another_table,
    first_that_fits,
    first_that_fits_returned,
    a_few,
    not_a_row,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_few_or_many_at_once(function):
    clean([operations.RunPython(function)])


def test_nothing_to_run():
    clean([operations.RunPython(operations.RunPython.noop, saved)])


def new_rows(apps, schema_editor):
    for row in apps.get_model("shop", "New").objects.iterator():
        row.save()


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.RunPython(new_rows)])
