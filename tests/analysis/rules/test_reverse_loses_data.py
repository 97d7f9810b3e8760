from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.databases import get_database
from tests.analysis.lint import (
    assert_clean,
    assert_finds,
    initial,
    migration,
    plan_of,
    state_after,
)

finds = partial(assert_finds, "reverse_loses_data", backwards=True)
clean = partial(assert_clean, "reverse_loses_data", backwards=True)


def test_column():
    [found] = finds(
        [operations.AddField("Order", "x", models.TextField(null=True))],
        "Undoing shop.0002_change drops column x of shop_order with all its values.",
    )
    assert found.severity.label == "error"


def test_table():
    finds(
        [operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])],
        "Undoing shop.0002_change drops table shop_new with all its rows.",
    )


def test_many_to_many_field():
    finds(
        [operations.AddField("Order", "buyers", models.ManyToManyField("shop.Customer"))],
        "Undoing shop.0002_change drops table shop_order_buyers with all its rows.",
    )


def test_table_under_the_name_it_has_by_then():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    renamed = operations.AlterModelTable("New", "other")
    finds([new, renamed], "Undoing shop.0002_change drops table shop_new with all its rows.")


def test_what_comes_back():
    clean([operations.RemoveField("Order", "note")])
    clean([operations.DeleteModel("Tag")])


def test_indexes_and_constraints_hold_nothing():
    clean([operations.AddIndex("Order", models.Index(fields=["number"], name="number_idx"))])


def test_change_of_the_state_only():
    state_only = [operations.AddField("Order", "x", models.TextField(null=True))]
    clean([operations.SeparateDatabaseAndState([], state_only)])


def test_table_that_comes_back_before_it_loses_a_column():
    clean(
        [
            operations.AddField("Tag", "x", models.TextField(null=True)),
            operations.DeleteModel("Tag"),
        ]
    )


def test_going_forwards():
    clean([operations.AddField("Order", "x", models.TextField(null=True))], backwards=False)


@pytest.mark.parametrize(
    ("note", "clause", "severity"),
    [(None, "0 rows with a value", "info"), ("a", "1 row with a value", "error")],
)
def test_column_that_nobody_has_filled(connection, note, clause, severity):
    added = operations.AddField("Tag", "note", models.TextField(null=True))
    with connection.schema_editor() as editor:
        state = migration([*initial(), added], "0001_initial").apply(ProjectState(), editor)
    state.apps.get_model("shop", "Tag").objects.create(note=note)
    plan = plan_of(migration([added]), backwards=True)
    found = analyse(plan, get_database(connection), state_after(initial()), conf.load())
    [finding] = [one for one in found if one.rule == "reverse_loses_data"]
    assert finding.message == (
        f"Undoing shop.0002_change drops column note of shop_tag with all its values ({clause})."
    )
    assert finding.severity.label == severity
