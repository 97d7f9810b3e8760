from __future__ import annotations

from contextlib import nullcontext
from functools import partial

import django
import pytest
from django.db import DatabaseError, models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from tests.analysis.lint import assert_clean, assert_finds, initial, migration

finds = partial(assert_finds, "remove_db_default")
clean = partial(assert_clean, "remove_db_default")

MESSAGE = (
    "Column x of shop_order loses its default in the database, so that INSERTs of the release that still runs, which rely on it, {} "
    "until it is replaced."
)


def before(**options):
    return [
        *initial(),
        operations.AddField("Order", "x", models.IntegerField(db_default=3, **options)),
    ]


def alter(**options):
    return [operations.AlterField("Order", "x", models.IntegerField(**options))]


def test_not_null():
    for vendor in ("postgresql", "mysql"):
        [found] = finds(alter(default=3), MESSAGE.format("fail"), before=before(), on=vendor)
        assert "field=models.IntegerField(db_default=3, default=3)" in found.hint
        assert found.is_blocking


def test_null():
    [found] = finds(alter(null=True), MESSAGE.format("store NULL"), before=before(null=True))
    assert not found.is_blocking


def test_what_the_hint_says():
    clean(alter(db_default=3, default=3), before=before())


def test_another_default():
    clean(alter(db_default=4), before=before())


def test_release_that_fills_it_itself():
    clean(alter(default=3), before=before(default=3))


def test_django_may_write_the_value_itself_on_sqlite():
    [found] = finds(alter(default=3), MESSAGE.format("fail"), before=before(), on="sqlite")
    assert not found.is_blocking


def test_going_back_breaks_the_newer_release():
    add = operations.AlterField("Order", "number", models.IntegerField(db_default=3))
    message = MESSAGE.replace(" x ", " number ").replace("release that still runs", "newer release")
    [found] = finds([add], message.format("fail"), backwards=True)
    assert found.severity.label == "warning"
    clean(
        [operations.AlterField("Order", "state", models.IntegerField(default=0, db_default=0))],
        backwards=True,
    )


def test_new_table():
    new = operations.CreateModel(
        "New",
        [("id", models.BigAutoField(primary_key=True)), ("x", models.IntegerField(db_default=3))],
    )
    clean([new, operations.AlterField("New", "x", models.IntegerField())])


@pytest.mark.parametrize("default", [{}, {"default": 3}])
def test_so_it_is(connection, default):
    """INSERTs of the old release fail after the change, exactly where we say so."""
    with connection.schema_editor() as editor:
        old = migration(before(**default), "0001_initial").apply(ProjectState(), editor)
        customer = old.apps.get_model("shop", "Customer")
    with connection.schema_editor() as editor:
        migration(alter(default=3)).apply(old.clone(), editor)
    order = old.apps.get_model("shop", "Order")
    values = {
        "number": 1,
        "title": "",
        "code": "",
        "total": 1,
        "customer": customer.objects.create(name="a"),
    }
    # Django 6.0 and later leave the column out, older versions write the value on SQLite.
    by_itself = connection.vendor == "sqlite" and django.VERSION < (6, 0)
    fails = not (default or by_itself)
    with pytest.raises(DatabaseError) if fails else nullcontext():
        order.objects.create(**values)
