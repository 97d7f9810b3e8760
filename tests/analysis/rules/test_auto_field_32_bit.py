from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "auto_field_32_bit")
clean = partial(assert_clean, "auto_field_32_bit")

MESSAGE = "The primary key id of the new table shop_event is {}, whose numbers can be used up."


def event(kind, **options):
    return [operations.CreateModel("Event", [("id", kind(primary_key=True))], options=options)]


def test_auto_field():
    for vendor in ("postgresql", "mysql"):
        [found] = finds(event(models.AutoField), MESSAGE.format("AutoField"), on=vendor)
        assert found.severity.label == "info"
    finds(event(models.SmallAutoField), MESSAGE.format("SmallAutoField"))


def test_big_auto_field_and_others():
    clean(event(models.BigAutoField))
    clean(event(models.UUIDField))
    clean(event(models.IntegerField))


def test_every_integer_has_64_bits_on_sqlite():
    clean(event(models.AutoField), on="sqlite")


def test_models_without_a_table():
    clean(event(models.AutoField, managed=False))
    clean([operations.CreateModel("Event", [], options={"proxy": True}, bases=("shop.Order",))])


def test_package_that_the_project_cannot_change(monkeypatch):
    file = "/srv/lib/python3/site-packages/events/migrations/0001_initial.py"
    monkeypatch.setattr("django_safe_migrate.plan.source_file", lambda migration: file)
    clean(event(models.AutoField), __module__="events.migrations.0001_initial")
