from __future__ import annotations

from functools import partial

import pytest
from django.apps import apps as todays_apps
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_python_unordered_dependency")
clean = partial(assert_clean, "run_python_unordered_dependency")

MESSAGE = (
    "RunPython of {} in sales.{} takes the model stock.{}, but sales.{} does not depend on {}: on a new database it may run first, "
    "and fails."
)
NONE = "stock.0001_initial, nor on any other migration of stock"
ALONE = {"name": "0002_alone", "app_label": "sales", "dependencies": [("sales", "0001_initial")]}
LATER = {"name": "0003_after_stock", "app_label": "sales", "dependencies": []}
LATEST = {"name": "0004_after_shelf", "app_label": "sales", "dependencies": []}


@pytest.fixture(autouse=True)
def _apps(settings):
    """Two apps with migrations on disk: `sales` depends on `stock` from 0003 on, and on its shelves from 0004 on."""
    settings.INSTALLED_APPS = [
        *settings.INSTALLED_APPS,
        "tests.analysis.reading_python.stock",
        "tests.analysis.reading_python.sales",
    ]


def item(apps, schema_editor):
    apps.get_model("stock", "Item").objects.filter(pk=1).delete()


def item_by_one_text(apps, schema_editor):
    print(apps.get_model("stock.Item").objects.count())


def item_by_keywords(apps, schema_editor):
    print(apps.get_model(app_label="stock", model_name="item"))


def _of(apps, name):
    return apps.get_model("stock", name)


def item_of_another_function(apps, schema_editor):
    print(_of(apps, "Item"))


def item_in_a_loop(apps, schema_editor):
    for name in range(3):
        print(name, apps.get_model("stock", "Item"))


POSITIVE = [
    (item, "Item"),
    (item_by_one_text, "Item"),
    (item_by_keywords, "item"),
    (item_of_another_function, "Item"),
    (item_in_a_loop, "Item"),
]


@pytest.mark.parametrize(("function", "name"), POSITIVE)
def test_app_without_any_dependency(function, name):
    message = MESSAGE.format(function.__name__, "0002_alone", name, "0002_alone", NONE)
    [found] = finds([operations.RunPython(function)], message, **ALONE)
    assert found.severity.label == "warning"
    assert found.file == __file__
    assert found.hint == (
        'dependencies = [\n    ("sales", "0001_initial"),\n    ("stock", "0001_initial"),\n]'
    )


def shelf(apps, schema_editor):
    print(apps.get_model("stock", "Shelf"))


def test_model_that_is_made_later():
    finds(
        [operations.RunPython(shelf)],
        MESSAGE.format(
            "shelf",
            "0003_after_stock",
            "Shelf",
            "0003_after_stock",
            "stock.0002_shelf, which makes it",
        ),
        **LATER,
    )


def test_dependency():
    clean([operations.RunPython(item)], **LATER)
    clean([operations.RunPython(item)], **LATEST)
    clean([operations.RunPython(shelf)], **LATEST)


def own_model(apps, schema_editor):
    print(apps.get_model("sales", "Sale"))


def looked_for_first(apps, schema_editor):
    if not todays_apps.is_installed("stock"):
        return
    print(apps.get_model("stock", "Item"))


def caught(apps, schema_editor):
    try:
        Item = apps.get_model("stock", "Item")
    except LookupError:
        return
    Item.objects.filter(pk=1).delete()


def name_that_is_not_known(apps, schema_editor):
    label = str(schema_editor)
    print(apps.get_model(label, "Item"), apps.get_model(label))


def model_nobody_makes(apps, schema_editor):
    print(apps.get_model("stock", "Elsewhere"), apps.get_model("unheard", "Of"))


def without_migrations(apps, schema_editor):
    print(apps.get_model("messages", "Message"))


NEGATIVE = [
    own_model,
    looked_for_first,
    caught,
    name_that_is_not_known,
    model_nobody_makes,
    without_migrations,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_nothing_to_order(function):
    clean([operations.RunPython(function)], **ALONE)


def test_migration_that_is_not_on_disk():
    clean([operations.RunPython(item)], name="0009_unknown", app_label="sales")


MISSING = "RunPython of {} in shop.0002_change takes the model shop.{}, and there is none at this point: it {}."


def misspelt(apps, schema_editor):
    apps.get_model("shop", "Ordre").objects.filter(pk=1).delete()


def misspelt_perhaps(apps, schema_editor):
    if schema_editor.connection.alias == "sqlite":
        apps.get_model("shop", "Ordre").objects.filter(pk=1).delete()


def test_no_such_model():
    [found] = finds([operations.RunPython(misspelt)], MISSING.format("misspelt", "Ordre", "fails"))
    assert found.severity.label == "error"
    [found] = finds(
        [operations.RunPython(misspelt_perhaps)],
        MISSING.format("misspelt_perhaps", "Ordre", "fails when it gets there"),
    )
    assert found.severity.label == "warning"


def pinned(apps, schema_editor):
    print(apps.get_model("shop", "Pinned"))


def test_model_that_is_deleted_before():
    delete = operations.DeleteModel("Pinned")
    clean([operations.RunPython(pinned), delete])
    finds([delete, operations.RunPython(pinned)], MISSING.format("pinned", "Pinned", "fails"))
