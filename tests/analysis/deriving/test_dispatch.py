from __future__ import annotations

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    CreateCollation,
    RemoveCollation,
    TrigramExtension,
    ValidateConstraint,
)
from django.db import connections, models
from django.db.migrations import operations
from django.db.migrations.operations.base import Operation

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.deriving import Surroundings, derive, is_concurrent
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.databases.statements import OtherObject
from django_safe_migrate.sql.states import advance
from tests.analysis.lint import initial, state_after, vendor

INDEX = models.Index(fields=["number"], name="i")


def derived(operation, *, backwards=False):
    before = state_after(initial())
    around = Surroundings(
        "shop",
        before,
        advance(before, operation, "shop"),
        Schema(connections["default"], live=False),
    )
    return derive(operation, around, backwards=backwards)


def test_subclasses_are_what_their_parents_are():
    class Special(operations.AddIndex):
        """An operation of a project."""

    [change] = derived(Special("Order", INDEX))
    assert (change.table, change.name, change.columns, change.concurrently) == (
        "shop_order",
        "i",
        ("number",),
        False,
    )
    [change] = derived(AddIndexConcurrently("Order", INDEX))
    assert change.concurrently
    assert is_concurrent(AddIndexConcurrently("Order", INDEX))
    assert not is_concurrent(operations.AddIndex("Order", INDEX))


def test_backwards_is_the_inverse_in_reverse_order():
    forwards = derived(operations.DeleteModel("Order"))
    assert forwards == (
        changes.TableDropped("shop_order_tags", ("shop_order",)),
        changes.TableDropped("shop_order"),
    )
    assert derived(operations.DeleteModel("Order"), backwards=True) == (
        changes.TableCreated("shop_order"),
        changes.TableCreated("shop_order_tags", ("shop_order",)),
    )


def test_what_the_database_does_not_see():
    for operation in (
        operations.AlterModelOptions("Order", {"verbose_name": "x"}),
        operations.AlterModelManagers("Order", []),
        operations.SeparateDatabaseAndState([], [operations.DeleteModel("Tag")]),
        operations.AlterField("Order", "note", models.TextField(null=True, help_text="x")),
    ):
        assert derived(operation) == ()


def test_validation():
    state = advance(
        state_after(initial()),
        operations.AddConstraint(
            "Order", models.CheckConstraint(condition=models.Q(number__gt=0), name="c")
        ),
        "shop",
    )
    around = Surroundings("shop", state, state, Schema(connections["default"], live=False))
    validate = ValidateConstraint("Order", "c")
    assert derive(validate, around, backwards=False) == (
        changes.ConstraintValidated("shop_order", "c"),
    )
    assert derive(validate, around, backwards=True) == ()


def test_renamed_index():
    rename = operations.RenameIndex("Order", "j", old_name="title_idx")
    [change] = derived(rename)
    assert (change.old_name, change.new_name, change.columns) == ("title_idx", "j", ("title",))
    [undone] = derived(rename, backwards=True)
    assert (undone.old_name, undone.new_name) == ("j", "title_idx")


def test_extensions_and_collations_are_made_on_postgresql_only():
    assert derived(TrigramExtension()) == ()
    with vendor("postgresql"):
        [made] = derived(TrigramExtension())
        assert made.statement == OtherObject(keywords="CREATE EXTENSION", name="pg_trgm")
        [dropped] = derived(TrigramExtension(), backwards=True)
        assert dropped.statement == OtherObject(keywords="DROP EXTENSION", name="pg_trgm")
        collation = CreateCollation("german", "de")
        [made] = derived(collation)
        assert made.statement == OtherObject(keywords="CREATE COLLATION", name="german")
        [dropped] = derived(RemoveCollation("german", "de"))
        assert dropped.statement == OtherObject(keywords="DROP COLLATION", name="german")


def test_what_nobody_knows():
    class Custom(Operation):
        """An operation of a project."""

        def state_forwards(self, app_label, state):
            """Nothing that a model shows."""

    [change] = derived(Custom())
    assert isinstance(change, changes.Unrecognised)
