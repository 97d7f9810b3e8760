from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

KEY = ("id", models.BigAutoField(primary_key=True))
BEFORE = [operations.CreateModel("Sale", [KEY])]
#: Names of migrations of `sales` that are on disk, with what they depend on there.
ALONE = {
    "name": "0002_alone",
    "app_label": "sales",
    "dependencies": [("sales", "0001_initial")],
    "before": (),
}
AFTER_STOCK = {**ALONE, "name": "0003_after_stock"}
AFTER_SHELF = {**ALONE, "name": "0004_after_shelf"}
finds = partial(assert_finds, "field_unordered_dependency")
clean = partial(assert_clean, "field_unordered_dependency")
MESSAGE = "sales.{} refers to the model stock.{}, but does not depend on stock.{}, which makes it: on a new database it may run first, and fails."


@pytest.fixture(autouse=True)
def _apps(settings: Any) -> None:
    """Two apps with migrations on disk: `sales` depends on `stock` from 0003 on, and on its shelves from 0004 on."""
    settings.INSTALLED_APPS = [
        *settings.INSTALLED_APPS,
        "tests.analysis.reading_python.stock",
        "tests.analysis.reading_python.sales",
    ]


def new(*fields: tuple[str, Any], **options: Any) -> operations.CreateModel:
    return operations.CreateModel("New", [KEY, *fields], **options)


def to(model: str) -> Any:
    return models.ForeignKey(model, models.CASCADE, related_name="+")


def test_model_without_any_dependency():
    [found] = finds(
        [new(("item", to("stock.Item")))],
        MESSAGE.format("0002_alone", "item", "0001_initial"),
        **ALONE,
    )
    assert found.severity.label == "warning"
    assert found.hint == (
        'dependencies = [\n    ("sales", "0001_initial"),\n    ("stock", "0001_initial"),\n]'
    )


def test_model_that_a_later_migration_of_the_app_makes():
    message = MESSAGE.format("0003_after_stock", "shelf", "0002_shelf")
    finds([new(("shelf", to("stock.Shelf")))], message, **AFTER_STOCK)
    many = models.ManyToManyField("stock.Item", through="stock.Shelf")
    finds([new(("items", many))], message, **AFTER_STOCK)


def test_said_once_for_each_model():
    fields = ("one", to("stock.Item")), ("other", to("stock.Item"))
    finds([new(*fields)], MESSAGE.format("0002_alone", "item", "0001_initial"), **ALONE)


def test_dependencies_that_are_there():
    clean([new(("item", to("stock.Item")))], **AFTER_STOCK)
    clean([new(("item", to("stock.Item")), ("shelf", to("stock.Shelf")))], **AFTER_SHELF)


def test_models_of_the_app_itself():
    clean([new(("sale", to("Sale")), ("other", to("self")))], **ALONE)
    clean([new(("name", models.TextField()))], **ALONE)


def test_app_that_has_no_migrations():
    clean([new(("thing", to("elsewhere.Thing")))], **ALONE)


def test_going_back():
    clean([new(("item", to("stock.Item")))], backwards=True, **ALONE)
