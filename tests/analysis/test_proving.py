"""What the hint about NOT NULL recommends, carried out on a server."""

from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError, models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from tests.analysis.lint import findings, initial, migration
from tests.analysis.test_hints_pass import recommended, runs_alone


def hint(operation, before=None):
    found = findings([operation], before=before)
    return next(one.hint for one in found if one.rule == "set_not_null")


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    "field",
    [
        models.TextField(default="filled"),
        models.TextField(db_default="filled"),
        models.TextField(default=uuid.uuid4, unique=True),
    ],
    ids=["default", "db_default", "unique"],
)
def test_the_rows_are_filled_and_the_column_is_not_null(connection, field):
    state = ProjectState()
    with connection.schema_editor() as editor:
        state = migration(initial(), "0001_initial").apply(state, editor)
    customer = state.apps.get_model("shop", "Customer").objects.create(name="a")
    order = state.apps.get_model("shop", "Order")
    order.objects.bulk_create(
        order(number=one, title="", code="", total=1, customer=customer, note=None)
        for one in range(1001)
    )
    text = hint(operations.AlterField("Order", "note", field))
    for ops in recommended(text):
        step = migration(ops, "0002_step", atomic=not runs_alone(ops))
        with connection.schema_editor(atomic=step.atomic) as editor:
            state = step.apply(state, editor)
    order = state.apps.get_model("shop", "Order")
    values = set(order.objects.values_list("note", flat=True))
    assert len(values) == 1001 if field.unique else values == {"filled"}
    assert order._meta.get_field("note").null is False
    with pytest.raises(DatabaseError):
        order.objects.update(note=None)
    assert state.models["shop", "order"].options["constraints"] == []


def test_the_name_of_the_constraint_is_free_in_the_whole_project():
    taken = models.CheckConstraint(condition=models.Q(label="x"), name="order_note_not_null")
    before = [
        *initial(),
        operations.AddField("Tag", "label", models.TextField()),
        operations.AddConstraint("Tag", taken),
    ]
    text = hint(operations.AlterField("Order", "note", models.TextField()), before)
    assert "name='order_note_not_null_2'" in text
    assert "name='order_note_not_null'," not in text


def test_what_is_not_an_operation_of_its_own_gets_words():
    alter = operations.AlterField("Order", "note", models.TextField())
    assert hint(operations.SeparateDatabaseAndState([alter], [alter])).startswith("Fill the rows")
    assert "AddConstraintNotValid" not in hint(operations.SeparateDatabaseAndState([alter], []))
