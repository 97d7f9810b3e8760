from __future__ import annotations

from functools import partial

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
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

finds = partial(assert_finds, "set_not_null")
clean = partial(assert_clean, "set_not_null")

HOW = {
    "postgresql": "reads the whole table under an ACCESS EXCLUSIVE lock, which blocks reads and writes",
    "mysql": "writes the whole table anew, while others read and write",
    "sqlite": "copies the whole table, while nobody else can write to the database",
}
FAILS = ", and fails on a row that holds NULL"
BREAKS = "; INSERTs of the release that still runs fail when they leave it empty"
PROOF = models.CheckConstraint(condition=models.Q(note__isnull=False), name="note_not_null")
SET = operations.AlterField("Order", "note", models.TextField())


def message(*ends, column="note", on="postgresql"):
    return f"Making column {column} of shop_order NOT NULL {HOW[on]}{''.join(ends)}."


def test_without_a_default_it_can_fail():
    [found] = finds([SET], message(FAILS, BREAKS))
    assert "AddConstraintNotValid(\n    model_name='Order'" in found.hint
    assert "name='order_note_not_null'" in found.hint
    assert "RunPython" not in found.hint
    assert found.is_blocking


def test_other_vendors_do_not_block():
    for vendor in ("sqlite", "mysql"):
        [found] = finds([SET], message(FAILS, BREAKS, on=vendor), on=vendor)
        assert found.severity.label == "warning"
        assert found.hint.startswith("Fill the rows that hold NULL in a migration before")


def test_with_a_default_django_fills_it():
    finds([operations.AlterField("Order", "note", models.TextField(default=""))], message(BREAKS))
    finds(
        [operations.AlterField("Order", "note", models.TextField(db_default=""))], message(BREAKS)
    )


def test_values_that_django_gives_to_new_columns_only():
    nullable = operations.AddField("Order", "made", models.DateTimeField(null=True))
    stamped = operations.AlterField("Order", "made", models.DateTimeField(auto_now_add=True))
    [found] = finds([nullable, stamped], message(FAILS, BREAKS, column="made"))
    assert found.hint.startswith("Leave the column nullable in this release")
    [found] = finds([stamped], message(FAILS, BREAKS, column="made"), before=[*initial(), nullable])
    assert "RunPython" not in found.hint
    assert "AddConstraintNotValid" in found.hint
    finds(
        [operations.AlterField("Order", "note", models.TextField(blank=True))],
        message(FAILS, BREAKS),
    )


def test_going_back_to_not_null():
    nullable = operations.AlterField("Order", "number", models.IntegerField(null=True))
    finds([nullable], message(FAILS, column="number"), backwards=True)


def test_constraint_that_is_not_validated_proves_nothing():
    finds([AddConstraintNotValid("Order", PROOF), SET], message(FAILS, BREAKS))


def test_constraint_about_something_else_proves_nothing():
    other = models.CheckConstraint(condition=models.Q(title__isnull=False), name="other")
    finds([operations.AddConstraint("Order", other), SET], message(FAILS, BREAKS))


def test_what_the_hint_says():
    clean(
        [AddConstraintNotValid("Order", PROOF), ValidateConstraint("Order", "note_not_null"), SET]
    )


def test_constraint_that_exists_already():
    for vendor in HOW:
        clean([operations.AddConstraint("Order", PROOF), SET], on=vendor)


def test_dropping_not_null():
    clean([operations.AlterField("Order", "number", models.IntegerField(null=True))])


def test_column_that_is_not_null_already():
    clean([operations.AlterField("Order", "number", models.IntegerField(default=3))])


def test_primary_key_and_new_table():
    fields = [("id", models.BigAutoField(primary_key=True)), ("x", models.TextField(null=True))]
    new = operations.CreateModel("New", fields)
    clean([new, operations.AlterField("New", "x", models.TextField())])


@pytest.mark.parametrize(
    ("notes", "fails"),
    [
        (["a", None], ", and fails as long as 1 row holds NULL"),
        ([None, None], ", and fails as long as 2 rows hold NULL"),
        (["a", "b"], ""),
    ],
)
def test_rows_that_are_there(connection, notes, fails):
    with connection.schema_editor() as editor:
        state = migration(initial(), "0001_initial").apply(ProjectState(), editor)
    customer = state.apps.get_model("shop", "Customer").objects.create(name="a")
    order = state.apps.get_model("shop", "Order")
    for note in notes:
        order.objects.create(number=1, title="", code="", total=1, note=note, customer=customer)
    plan, database = plan_of(migration([SET])), get_database(connection)
    found = [
        one
        for one in analyse(plan, database, state_after(initial()), conf.load())
        if one.rule == "set_not_null"
    ]
    assert [one.message for one in found] == [message(fails, BREAKS, on=connection.vendor)]
    assert not found[0].is_blocking, "the table is small"


def test_a_column_that_the_plan_itself_makes_is_not_counted(connection):
    with connection.schema_editor() as editor:
        state = migration(initial(), "0001_initial").apply(ProjectState(), editor)
    state.apps.get_model("shop", "Customer").objects.create(name="a")
    add = operations.AddField("Customer", "x", models.TextField(null=True))
    plan = plan_of(migration([add, operations.AlterField("Customer", "x", models.TextField())]))
    found = analyse(plan, get_database(connection), state_after(initial()), conf.load())
    [message] = [one.message for one in found if one.rule == "set_not_null"]
    assert FAILS in message
