from __future__ import annotations

from django.db import connections, models
from django.db.migrations import operations

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.sql.states import advance
from tests.analysis.lint import initial, state_after, vendor


def derived(operation, on="postgresql"):
    with vendor(on):
        state = state_after(initial())
        schema = Schema(connections["default"], live=False)
        around = Surroundings("shop", state, advance(state, operation, "shop"), schema)
        return derive(operation, around, backwards=False)


def test_one_off_default_is_seen():
    field = models.IntegerField(default=3)
    [change] = derived(operations.AddField("Order", "x", field, preserve_default=False))
    assert change.column.has_python_default


def test_many_to_many_fields_are_tables():
    assert derived(operations.AddField("Order", "x", models.ManyToManyField("shop.Tag"))) == (
        changes.TableCreated("shop_order_x", ("shop_order",)),
    )
    assert derived(operations.RemoveField("Order", "tags")) == (
        changes.TableDropped("shop_order_tags", ("shop_order",)),
    )
    assert derived(operations.RenameField("Order", "tags", "labels")) == (
        changes.TableRenamed("shop_order_tags", "shop_order_labels", many_to_many=True),
    )


def test_renamed_and_altered_at_once():
    field = models.TextField(db_column="code")
    renamed, altered = derived(operations.AlterField("Order", "code", field))
    assert renamed == changes.ColumnRenamed("shop_order", "order_code", "code")
    assert (altered.old.type, altered.new.type) == ("varchar(20)", "text")


def test_only_the_name():
    field = models.CharField(max_length=20, db_column="code")
    assert [type(change) for change in derived(operations.AlterField("Order", "code", field))] == [
        changes.ColumnRenamed
    ]


def test_default_of_the_database():
    [change] = derived(operations.AlterField("Order", "number", models.IntegerField(db_default=3)))
    assert (change.old.has_db_default, change.new.db_default) == (False, 3)


def test_types_that_are_not_known():
    longer = operations.AlterField("Order", "title", models.CharField(max_length=200))
    [change] = derived(longer, on="mysql")
    assert change.changes_type
    same = operations.AlterField("Order", "title", models.CharField(max_length=100, help_text="x"))
    assert derived(same, on="mysql") == ()
