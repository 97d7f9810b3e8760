from __future__ import annotations

from functools import partial

import pytest
from django.db import ConnectionHandler, models, router
from django.db.migrations import operations

from django_safe_migrate.analysis.rules import run_python_ignores_database_alias
from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "run_python_ignores_database_alias")
clean = partial(assert_clean, "run_python_ignores_database_alias")

MESSAGE = (
    "RunPython of {} in shop.0002_change writes to {} without saying in which database, although it runs on default, archive: "
    "on all of them it changes the same one."
)

DEFAULT = {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop"}
ARCHIVE = {"ENGINE": "django.db.backends.sqlite3", "NAME": "archive"}
REPLICA = {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop", "HOST": "replica"}
MIRROR = {**ARCHIVE, "TEST": {"MIRROR": "default"}}


@pytest.fixture
def databases(monkeypatch):
    """Let the project have these entries in DATABASES."""

    def have(**entries):
        handler = ConnectionHandler({"default": DEFAULT, **entries})
        monkeypatch.setattr(run_python_ignores_database_alias, "connections", handler)

    have(archive=ARCHIVE)
    return have


def updated(apps, schema_editor):
    apps.get_model("shop", "Order").objects.filter(title="x").update(state=1)


def created(apps, schema_editor):
    apps.get_model("shop", "Customer").objects.create(name="Ada")


def saved(apps, schema_editor):
    Customer = apps.get_model("shop", "Customer")
    Customer(name="Ada").save()


def bulk(apps, schema_editor):
    Customer = apps.get_model("shop", "Customer")
    Customer.objects.bulk_create([Customer(name="Ada")])


def only_the_vendor(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        apps.get_model("shop", "Order").objects.filter(title="x").delete()


def _fix(Order):
    order = Order.objects.first()
    order.save()


def in_another_function(apps, schema_editor):
    _fix(apps.get_model("shop", "Order"))


POSITIVE = [
    (updated, "shop_order"),
    (created, "shop_customer"),
    (saved, "shop_customer"),
    (bulk, "shop_customer"),
    (only_the_vendor, "shop_order"),
    (in_another_function, "shop_order"),
]


@pytest.mark.parametrize(("function", "table"), POSITIVE)
def test_no_alias(databases, function, table):
    [found] = finds([operations.RunPython(function)], MESSAGE.format(function.__name__, table))
    assert found.severity.label == "warning"
    assert found.file == __file__
    assert found.hint.startswith("alias = schema_editor.connection.alias\n")


def with_using(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model("shop", "Order").objects.using(alias).update(state=1)


def with_keyword(apps, schema_editor):
    order = apps.get_model("shop", "Order").objects.first()
    order.save(using=schema_editor.connection.alias)


def with_manager(apps, schema_editor):
    apps.get_model("shop", "Order").objects.db_manager("archive").filter(title="x").delete()


def on_one_only(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    apps.get_model("shop", "Order").objects.update(state=1)


def asking_the_router(apps, schema_editor):
    if not router.allow_migrate_model(
        schema_editor.connection.alias, apps.get_model("shop", "Order")
    ):
        return
    apps.get_model("shop", "Order").objects.update(state=1)


def handed_on(apps, schema_editor):
    orders = print(schema_editor)
    apps.get_model("shop", "Order").objects.update(state=orders)


def read_only(apps, schema_editor):
    print(apps.get_model("shop", "Order").objects.count())


NEGATIVE = [
    with_using,
    with_keyword,
    with_manager,
    on_one_only,
    asking_the_router,
    handed_on,
    read_only,
]


@pytest.mark.parametrize("function", NEGATIVE, ids=lambda function: function.__name__)
def test_alias(databases, function):
    clean([operations.RunPython(function)])


def test_one_database(databases):
    databases()
    clean([operations.RunPython(updated)])


def test_second_entries_for_the_same_data(databases):
    databases(replica=REPLICA)
    clean([operations.RunPython(updated)])
    databases(mirror=MIRROR)
    clean([operations.RunPython(updated)])


class OneDatabaseEach:
    """A router that lets each app be migrated on one database."""

    def allow_migrate(self, db, app_label, **hints):
        return db == "default"


def test_router_that_lets_it_run_on_one(databases, monkeypatch):
    monkeypatch.setattr(router, "routers", [OneDatabaseEach()])
    clean([operations.RunPython(updated)])


def new_rows(apps, schema_editor):
    apps.get_model("shop", "New").objects.update(x=1)


def test_new_table(databases):
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.RunPython(new_rows)])
