from __future__ import annotations

from django.contrib.postgres.operations import AddConstraintNotValid, RemoveIndexConcurrently
from django.db import connections, models
from django.db.migrations import operations

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.sql.states import advance
from tests.analysis.lint import initial, state_after

CHECK = models.CheckConstraint(condition=models.Q(number__gt=0), name="c")


def derived(operation, before=()):
    state = state_after([*initial(), *before])
    schema = Schema(connections["default"], live=False)
    return derive(
        operation,
        Surroundings("shop", state, advance(state, operation, "shop"), schema),
        backwards=False,
    )


def test_columns_of_an_index():
    index = models.Index(fields=["-number", "customer", "code"], name="i")
    [change] = derived(operations.AddIndex("Order", index))
    assert change.columns == ("number", "customer_id", "order_code")


def test_dropped_index_is_known_by_its_name():
    [change] = derived(RemoveIndexConcurrently("Order", "title_idx"))
    assert (change.name, change.columns, change.concurrently) == ("title_idx", ("title",), True)


def test_constraints():
    assert derived(operations.AddConstraint("Order", CHECK)) == (
        changes.ConstraintAdded("shop_order", CHECK),
    )
    assert derived(AddConstraintNotValid("Order", CHECK)) == (
        changes.ConstraintAdded("shop_order", CHECK, not_valid=True),
    )
    added = operations.AddConstraint("Order", CHECK)
    assert derived(operations.RemoveConstraint("Order", "c"), [added]) == (
        changes.ConstraintDropped("shop_order", CHECK),
    )
