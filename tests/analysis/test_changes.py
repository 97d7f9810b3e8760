from __future__ import annotations

import pytest
from django.db import connections, models

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.schema import Schema
from tests.analysis.lint import initial, state_after

CHECK = models.CheckConstraint(condition=models.Q(id__gt=0), name="c")


def column(field, name="x"):
    state = state_after(initial())
    return Schema(connections["default"], live=False).column(
        state, state.models["shop", "order"], name, field
    )


def altered(old, new):
    return changes.ColumnAltered("shop_order", column(old), column(new))


X = column(models.IntegerField(null=True))


@pytest.mark.parametrize(
    "change",
    [
        changes.TableCreated("t", ("u",)),
        changes.TableDropped("t", ("u",)),
        changes.TableRenamed("t", "u"),
        changes.ColumnAdded("t", X),
        changes.ColumnDropped("t", X),
        changes.ColumnRenamed("t", "a", "b"),
        changes.ColumnAltered("t", X, column(models.TextField())),
        changes.IndexAdded("t", "i", ("a",), None, True),
        changes.IndexDropped("t", "i", ("a",), None, False),
        changes.UniqueAdded("t", ("a", "b")),
        changes.UniqueDropped("t", ("a", "b")),
        changes.ConstraintAdded("t", CHECK),
        changes.ConstraintDropped("t", CHECK),
        changes.CodeRun("", len, None),
        changes.StatementsRun("", ("SELECT 1",), None),
    ],
)
def test_undone_twice_is_what_it_was(change):
    undone = change.inverse()
    assert undone != change
    assert undone.inverse() == change


def test_constraint_that_was_added_without_looking_comes_back_looking():
    dropped = changes.ConstraintAdded("t", CHECK, not_valid=True).inverse()
    assert dropped.inverse() == changes.ConstraintAdded("t", CHECK, not_valid=False)


def test_validation_is_not_undone():
    assert changes.ConstraintValidated("t", "c").inverse() is None


def test_what_alters():
    plain = models.IntegerField()
    assert altered(models.IntegerField(null=True), plain).sets_not_null
    assert altered(plain, models.IntegerField(unique=True)).adds_unique
    assert not altered(
        models.BigAutoField(primary_key=True), models.IntegerField(unique=True)
    ).adds_unique
    assert altered(plain, models.IntegerField(db_index=True)).adds_index
    assert altered(models.IntegerField(db_index=True), plain).drops_index
    assert altered(models.IntegerField(db_index=True), models.IntegerField(unique=True)).drops_index
    assert altered(plain, models.TextField()).changes_type
    key = models.ForeignKey("shop.Tag", models.CASCADE)
    assert altered(plain, key).adds_foreign_key
    assert not altered(key, models.ForeignKey("shop.Tag", models.PROTECT)).adds_foreign_key
