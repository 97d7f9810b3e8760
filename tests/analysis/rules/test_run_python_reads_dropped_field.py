from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.models import Count, F, Q

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "run_python_reads_dropped_field")
clean = partial(assert_clean, "run_python_reads_dropped_field")

MESSAGE = "RunPython of {} in shop.0002_change names shop.Order.{} in {}(), and the model has no such field at this point: it fails{}."


def condition(apps, schema_editor):
    apps.get_model("shop", "Order").objects.filter(gone__isnull=True).update(state=1)


def negated(apps, schema_editor):
    print(apps.get_model("shop", "Order").objects.all().exclude(gone=""))


def value(apps, schema_editor):
    apps.get_model("shop", "Order").objects.filter(state=0).update(gone=F("state"))


def named(apps, schema_editor):
    print(apps.get_model("shop", "Order").objects.using("x").values_list("pk", "gone"))


def ordered(apps, schema_editor):
    print(apps.get_model("shop", "Order").objects.order_by("-gone")[:1])


def in_q(apps, schema_editor):
    print(apps.get_model("shop", "Order").objects.filter(~Q(gone=1) | Q(state=2)))


def in_create(apps, schema_editor):
    apps.get_model("shop", "Order").objects.create(gone=1)


POSITIVE = [
    (condition, "filter"),
    (negated, "exclude"),
    (value, "update"),
    (named, "values_list"),
    (ordered, "order_by"),
    (in_q, "filter"),
    (in_create, "create"),
]


@pytest.mark.parametrize(("function", "method"), POSITIVE)
def test_no_such_field(function, method):
    message = MESSAGE.format(function.__name__, "gone", method, "")
    [found] = finds([operations.RunPython(function)], message)
    assert found.severity.label == "error"
    assert found.file == __file__
    assert found.hint.startswith("Run it before gone is removed or renamed, or after it is added")


def note_is_empty(apps, schema_editor):
    print(apps.get_model("shop", "Order").objects.filter(note=""))


def test_order_of_operations():
    remove = operations.RemoveField("Order", "note")
    code = operations.RunPython(note_is_empty, note_is_empty)
    clean([code, remove])
    message = MESSAGE.format("note_is_empty", "note", "filter", "")
    finds([remove, code], message)
    finds([remove, code], message, backwards=True)
    finds([operations.RenameField("Order", "note", "text"), code], message)


def where_it_may_not_get(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.filter(pk=1):
        Order.objects.filter(gone=order.pk).delete()


def test_where_it_may_not_get():
    message = MESSAGE.format("where_it_may_not_get", "gone", "filter", " when it gets there")
    [found] = finds([operations.RunPython(where_it_may_not_get)], message)
    assert found.severity.label == "warning"


def fields(apps, schema_editor):
    orders = apps.get_model("shop", "Order").objects
    print(
        orders.filter(pk=1, customer_id=2, customer__name="x", tags=1, title__icontains="y"),
        orders.order_by("?").only("title", "customer__name").values("id"),
    )


def made_in_the_query(apps, schema_editor):
    orders = apps.get_model("shop", "Order").objects
    print(orders.annotate(gone=F("id")).filter(gone=1).values("gone"))
    print(orders.alias(gone=Count("tags")).exclude(gone=2))
    print(orders.values(gone=F("id")).order_by("gone"))
    print(orders.values("title").annotate(Count("id")).order_by("id__count"))


def reverse_relations(apps, schema_editor):
    print(apps.get_model("shop", "Customer").objects.filter(order__title="x"))
    print(apps.get_model("shop", "Customer").objects.prefetch_related("order_set").values("order"))


def of_the_project(apps, schema_editor):
    print(apps.get_model("shop", "Order").objects.special(gone=1).filter(gone=2))


def guarded(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    if not hasattr(Order, "gone"):
        return
    Order.objects.filter(gone=1).delete()


def unpacked(apps, schema_editor):
    print(apps.get_model("shop", "Order").objects.filter(**{"gone": 1}))


def of_an_unknown_model(apps, schema_editor):
    print(apps.get_model("elsewhere", "Order").objects.filter(gone=1))


NEGATIVE = [
    fields,
    made_in_the_query,
    reverse_relations,
    of_the_project,
    guarded,
    unpacked,
    of_an_unknown_model,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_names_that_are_there_or_may_be(function):
    clean([operations.RunPython(function)])


class OwnField(models.TextField):
    """A field of the project, which may add others to its model."""


def of_a_model_with_own_fields(apps, schema_editor):
    print(apps.get_model("shop", "Own").objects.filter(x_currency="EUR"))


def test_fields_and_parents_of_the_project():
    ids = ("id", models.BigAutoField(primary_key=True))
    own = operations.CreateModel("Own", [ids, ("x", OwnField())])
    code = operations.RunPython(of_a_model_with_own_fields)
    clean([code], before=[*initial(), own])

    class Mixin:
        pass

    mixed = operations.CreateModel("Own", [ids], bases=(Mixin, models.Model))
    clean([code], before=[*initial(), mixed])


def of_a_child(apps, schema_editor):
    print(apps.get_model("shop", "Special").objects.filter(title="x", order_ptr=1))


def test_fields_of_a_parent():
    link = models.OneToOneField(
        "shop.Order", models.CASCADE, parent_link=True, primary_key=True, auto_created=True
    )
    child = operations.CreateModel("Special", [("order_ptr", link)], bases=("shop.order",))
    clean([operations.RunPython(of_a_child)], before=[*initial(), child])
