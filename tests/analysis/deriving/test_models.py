from __future__ import annotations

import pytest
from django.db import connections, models
from django.db.migrations import operations

from django_safe_migrate.analysis import changes
from django_safe_migrate.analysis.deriving import Surroundings, derive
from django_safe_migrate.analysis.schema import Schema
from django_safe_migrate.sql.states import advance
from tests.analysis.lint import initial, state_after


def derived(operation, before=()):
    state = state_after([*initial(), *before])
    schema = Schema(connections["default"], live=False)
    return derive(
        operation,
        Surroundings("shop", state, advance(state, operation, "shop"), schema),
        backwards=False,
    )


ID = ("id", models.BigAutoField(primary_key=True))


def test_created_tables_and_what_they_refer_to():
    fields = [
        ID,
        ("customer", models.ForeignKey("shop.Customer", models.CASCADE)),
        ("loose", models.ForeignKey("shop.Pinned", models.CASCADE, db_constraint=False)),
        ("tags", models.ManyToManyField("shop.Tag")),
    ]
    assert derived(operations.CreateModel("New", fields)) == (
        changes.TableCreated("shop_new", ("shop_customer",)),
        changes.TableCreated("shop_new_tags", ("shop_new",)),
    )


def test_renamed_model():
    *renamed, altered = derived(operations.RenameModel("Order", "Purchase"))
    assert renamed == [
        changes.TableRenamed("shop_order", "shop_purchase"),
        changes.TableRenamed("shop_order_tags", "shop_purchase_tags", many_to_many=True),
        changes.ColumnRenamed("shop_purchase_tags", "order_id", "purchase_id"),
    ]
    assert (altered.old.references, altered.new.references) == ("shop_order", "shop_purchase")


def test_foreign_keys_to_a_renamed_table_are_made_again():
    key = models.ForeignKey("shop.Customer", models.CASCADE, null=True, related_name="+")
    before = [operations.AddField("Order", "hidden", key)]
    renamed, altered = derived(operations.RenameModel("Customer", "Client"), before)
    assert renamed == changes.TableRenamed("shop_customer", "shop_client")
    assert (altered.table, altered.new.name) == ("shop_order", "customer_id")
    pinned = operations.RenameModel("Pinned", "Fixed")
    assert derived(pinned) == ()


def test_model_that_relates_to_itself():
    before = [operations.AddField("Customer", "friends", models.ManyToManyField("self"))]
    found = derived(operations.RenameModel("Customer", "Client"), before)
    assert [one for one in found if not isinstance(one, changes.ColumnAltered)] == [
        changes.TableRenamed("shop_customer", "shop_client"),
        changes.TableRenamed("shop_customer_friends", "shop_client_friends", many_to_many=True),
        changes.ColumnRenamed("shop_client_friends", "from_customer_id", "from_client_id"),
        changes.ColumnRenamed("shop_client_friends", "to_customer_id", "to_client_id"),
    ]


@pytest.mark.vendors("postgresql")
def test_renamed_columns_are_those_that_django_renames(connection):
    state = state_after(initial())
    rename = operations.RenameModel("Order", "Purchase")
    with connection.schema_editor(collect_sql=True) as editor:
        after = state.clone()
        rename.state_forwards("shop", after)
        rename.database_forwards("shop", editor, state, after)
    text = "\n".join(editor.collected_sql)
    for change in derived(rename):
        if isinstance(change, changes.ColumnAltered):
            continue
        names = (
            (change.table, change.new_table)
            if isinstance(change, changes.TableRenamed)
            else (change.old_name, change.new_name)
        )
        assert (
            f'RENAME TO "{names[1]}"' in text
            or f'RENAME COLUMN "{names[0]}" TO "{names[1]}"' in text
        )


def test_together():
    before = [operations.AlterUniqueTogether("Order", {("number", "code")})]
    change = operations.AlterUniqueTogether("Order", {("number", "customer")})
    assert derived(change, before) == (
        changes.UniqueDropped("shop_order", ("number", "order_code")),
        changes.UniqueAdded("shop_order", ("number", "customer_id")),
    )


def test_order_with_respect_to():
    [change] = derived(operations.AlterOrderWithRespectTo("Order", "customer"))
    assert (type(change), change.column.name, change.column.null) == (
        changes.ColumnAdded,
        "_order",
        False,
    )
    assert change.column.has_python_default
