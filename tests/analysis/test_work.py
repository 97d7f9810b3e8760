from __future__ import annotations

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import connections, models
from django.db.migrations import operations

from django_safe_migrate import values
from django_safe_migrate.analysis import locks
from django_safe_migrate.analysis.context import Context
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.live import Live
from django_safe_migrate.analysis.predicting import Predictor
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.analysis.so_far import SoFar
from django_safe_migrate.analysis.work import (
    blocking_part,
    long_lock,
)
from django_safe_migrate.databases.statements import AddColumn
from tests.analysis.lint import initial, migration, plan_of, state_after, vendor

NULL = models.TextField(null=True)
ADD = operations.AddField("Order", "x", NULL)
INDEX = operations.AddIndex("Order", models.Index(fields=["number"], name="n"))
CHECK = models.CheckConstraint(condition=models.Q(number=1), name="c")
UNIQUE = models.UniqueConstraint(fields=["number"], name="u")
PARTIAL = models.UniqueConstraint(fields=["number"], condition=models.Q(state=1), name="u")
REFERENCE = models.ForeignKey("shop.Tag", models.CASCADE, null=True)


def changes(operation, on="postgresql"):
    """The changes of an operation, and a context on this vendor."""
    with vendor(on):
        [planned] = plan_of(migration([operation])).steps
        target = values.target_version("mysql 8.4")
        schema = Schema(connections["default"], live=False, target=target)
        live = Live(None)
        context = Context(
            planned,
            schema=schema,
            live=live,
            so_far=SoFar(live),
            sql=None,
            predictor=Predictor(schema, live, target),
        )
        before = state_after(initial())
        after = before.clone()
        operation.state_forwards("shop", after)
        derived = derive(operation, Surroundings("shop", before, after, schema), backwards=False)
        return derived, context


def only(operation, on="postgresql"):
    [change], context = changes(operation, on)
    return change, context


def alter(name, field):
    return operations.AlterField("Order", name, field)


AE, SHARE, COPY = locks.ACCESS_EXCLUSIVE, locks.SHARE, locks.COPY


def lock_of(change, context):
    return long_lock(context.facts(change), change.table)


@pytest.mark.parametrize(
    ("operation", "postgresql", "mysql"),
    [
        (ADD, "", ""),
        (INDEX, SHARE, ""),
        (alter("number", models.IntegerField(db_index=True)), SHARE, ""),
        (alter("number", models.IntegerField(unique=True)), AE, ""),
        (alter("note", models.TextField()), AE, ""),
        (alter("number", models.IntegerField(null=True)), "", ""),
        (alter("customer_ref", REFERENCE), locks.SHARE_ROW_EXCLUSIVE, COPY),
        (operations.AddConstraint("Order", CHECK), AE, COPY),
        (AddConstraintNotValid("Order", CHECK), "", COPY),
        (operations.AddConstraint("Order", UNIQUE), AE, ""),
        (operations.AddConstraint("Order", PARTIAL), SHARE, ""),
        (operations.AlterUniqueTogether("Order", {("number", "state")}), AE, ""),
        (operations.AddField("Order", "x", REFERENCE), AE, COPY),
        (operations.AddField("Order", "x", models.PositiveIntegerField(null=True)), AE, COPY),
    ],
)
def test_long_locks(operation, postgresql, mysql):
    changed, context = changes(operation)
    assert lock_of(changed[-1], context) == postgresql
    changed, context = changes(operation, "mysql")
    assert lock_of(changed[-1], context) == mysql
    changed, context = changes(operation, "sqlite")
    assert lock_of(changed[-1], context) == ""


def test_part_of_a_change():
    def adds_column(action):
        return isinstance(action, AddColumn)

    change, context = only(
        operations.AddField("Order", "x", models.PositiveIntegerField(null=True))
    )
    part = blocking_part(change, context, adds_column)
    assert part is not None
    assert part.scans == ("shop_order",)
    assert blocking_part(change, context, lambda action: False) is None
    change, context = only(ADD)
    assert blocking_part(change, context, adds_column) is None


def test_types_that_write_the_table_anew():
    for field, lock in ((models.BigIntegerField(), AE), (models.IntegerField(help_text="x"), None)):
        changed, context = changes(alter("number", field))
        assert [lock_of(change, context) for change in changed] == ([] if lock is None else [lock])


def test_exclusion_constraint():
    constraint = ExclusionConstraint(name="e", expressions=[("number", "=")])
    change, context = only(operations.AddConstraint("Order", constraint))
    assert lock_of(change, context) == AE
