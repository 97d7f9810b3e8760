from __future__ import annotations

from functools import partial

import pytest
from django.db import DatabaseError, models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from tests.analysis.lint import assert_clean, assert_finds, findings, migration

MESSAGE = (
    "Table {} is {} in the transaction that has written rows of it before, which PostgreSQL refuses: the foreign keys of these rows are "
    "not checked yet."
)


def number(**options):
    return models.IntegerField(null=True, **options)


def foreign_key(to, **options):
    return models.ForeignKey(to, models.CASCADE, related_name="+", **options)


KEY = ("id", models.BigAutoField(primary_key=True))
SHOP = [
    operations.CreateModel("Customer", [KEY, ("name", models.TextField(default=""))]),
    operations.CreateModel(
        "Order", [KEY, ("n", number(db_index=True)), ("customer", foreign_key("shop.Customer"))]
    ),
    operations.CreateModel("Item", [KEY, ("order", foreign_key("shop.Order"))]),
]
finds = partial(assert_finds, "pending_trigger_events", before=SHOP)
clean = partial(assert_clean, "pending_trigger_events", before=SHOP)


def python(code):
    return operations.RunPython(code, operations.RunPython.noop)


def sql(text):
    return operations.RunSQL(text, operations.RunSQL.noop)


@python
def create(apps, schema_editor):
    apps.get_model("shop", "Order").objects.create(customer_id=1)


@python
def create_many(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    Order.objects.bulk_create([Order(customer_id=1), Order(customer_id=1)])


@python
def create_customer(apps, schema_editor):
    apps.get_model("shop", "Customer").objects.get_or_create(name="c")


@python
def create_new(apps, schema_editor):
    apps.get_model("shop", "New").objects.create(order_id=1)


@python
def create_and_check(apps, schema_editor):
    apps.get_model("shop", "Order").objects.create(customer_id=1)
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@python
def update(apps, schema_editor):
    apps.get_model("shop", "Order").objects.update(n=3)


@python
def delete(apps, schema_editor):
    apps.get_model("shop", "Order").objects.all().delete()


@python
def delete_items(apps, schema_editor):
    apps.get_model("shop", "Item").objects.all().delete()


INSERT = sql("INSERT INTO shop_order (customer_id) VALUES (1)")
IMMEDIATE = sql("SET CONSTRAINTS ALL IMMEDIATE")
ALTER = operations.AddField("Order", "x", number())
INDEXED = operations.AddField("Order", "x", number(db_index=True))
INDEX = operations.AddIndex("Order", models.Index(fields=["n"], name="n"))
NEW = operations.CreateModel("New", [KEY, ("order", foreign_key("shop.Order"))])
TO_CUSTOMER = operations.AddField("Item", "c", foreign_key("shop.Customer", null=True))
ALTERED, DEFERRED = MESSAGE.format("shop_order", "altered"), MESSAGE.format("shop_order", "indexed")

#: What PostgreSQL refuses; each with what we say.
REFUSED = {
    "create": ([create, ALTER], ALTERED),
    "bulk_create": ([create_many, ALTER], ALTERED),
    "insert": ([INSERT, ALTER], ALTERED),
    "index": ([create, INDEX], ALTERED),
    "insert and alter in SQL": (
        [sql("INSERT INTO shop_order (customer_id) VALUES (1); ALTER TABLE shop_order ADD x int")],
        ALTERED,
    ),
    "alter in SQL": ([create, sql("ALTER TABLE shop_order ADD x int")], ALTERED),
    "index in SQL": ([INSERT, sql("CREATE INDEX i ON shop_order (n)")], ALTERED),
    "remove": ([create, operations.RemoveField("Order", "n")], ALTERED),
    "constraint": (
        [
            create,
            operations.AddConstraint(
                "Order", models.UniqueConstraint(fields=["id", "n"], name="u")
            ),
        ],
        ALTERED,
    ),
    "default": (
        [create, operations.AlterField("Order", "n", number(db_index=True, db_default=3))],
        ALTERED,
    ),
    "delete": ([delete, ALTER], ALTERED),
    "delete in SQL": (
        [sql("DELETE FROM shop_item"), sql("DELETE FROM shop_order"), ALTER],
        ALTERED,
    ),
    "checked too early": ([IMMEDIATE, sql("SET CONSTRAINTS ALL DEFERRED"), create, ALTER], ALTERED),
    "deferred index": ([INDEXED, create], DEFERRED),
    "drop": (
        [sql("INSERT INTO shop_item (order_id) VALUES (1)"), operations.DeleteModel("Item")],
        MESSAGE.format("shop_item", "altered"),
    ),
    "deferred index of a foreign key": (
        [TO_CUSTOMER, sql("INSERT INTO shop_item (order_id) VALUES (1)")],
        MESSAGE.format("shop_item", "indexed"),
    ),
}
#: What it does not refuse.
FINE = {
    "schema first": [ALTER, create],
    "checked": [create, IMMEDIATE, ALTER],
    "checked in SQL": [
        sql(
            "INSERT INTO shop_order (customer_id) VALUES (1); SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE shop_order ADD x int"
        )
    ],
    "rename in SQL": [INSERT, sql("ALTER TABLE shop_order RENAME COLUMN n TO m")],
    "checked in Python": [create_and_check, ALTER],
    "checked before": [IMMEDIATE, create, ALTER],
    "deferred index, checked in Python": [INDEXED, create_and_check],
    "deferred index, checked": [INDEXED, create, IMMEDIATE],
    "update": [update, ALTER],
    "referenced table": [create, operations.AddField("Customer", "x", number())],
    "rows that refer to nothing": [create_customer, operations.AddField("Customer", "x", number())],
    "rows that nothing refers to": [delete_items, operations.AddField("Item", "x", number())],
    "other table": [create, operations.AddField("Item", "x", number())],
    "rename column": [create, operations.RenameField("Order", "n", "m")],
    "rename table": [create, operations.AlterModelTable("Order", "purchase")],
    "drop index": [create, operations.AlterField("Order", "n", number())],
    "drop foreign key": [
        create,
        operations.AlterField(
            "Order", "customer", foreign_key("shop.Customer", db_constraint=False)
        ),
    ],
    "new reference": [create, NEW],
    "new table": [NEW, create_new, operations.AddField("New", "x", number())],
    "new foreign key": [TO_CUSTOMER, operations.AddField("Item", "x", number())],
}


def test_hint_checks_foreign_keys():
    [found] = finds([create, ALTER], ALTERED)
    assert "sql='SET CONSTRAINTS ALL IMMEDIATE'" in found.hint


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    ops, message = REFUSED[name]
    finds(ops, message)


@pytest.mark.parametrize("name", FINE)
def test_fine(name):
    clean(FINE[name])


def test_only_in_one_transaction():
    clean([create, ALTER], atomic=False)
    clean([create, ALTER], on="mysql")
    clean([create, ALTER], on="sqlite")


def test_code_that_does_nothing():
    clean([operations.RunPython(operations.RunPython.noop), ALTER])


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize("name", [*REFUSED, *FINE])
def test_so_it_is(connection, name):
    """The server raises where we say so, and nowhere else."""
    with connection.schema_editor() as editor:
        state = migration(SHOP, "0001_initial").apply(ProjectState(), editor)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop_customer (name) VALUES ('a')")
        cursor.execute("INSERT INTO shop_order (customer_id) VALUES (1)")
        cursor.execute("INSERT INTO shop_item (order_id) VALUES (1)")
    ops = REFUSED[name][0] if name in REFUSED else FINE[name]
    raised = ""
    try:
        with connection.schema_editor(atomic=True) as editor:
            migration(ops).apply(state, editor)
    except DatabaseError as error:
        raised = str(error)
    assert ("pending trigger events" in raised) == (name in REFUSED), raised
    assert bool(raised) == (name in REFUSED)


def test_going_back():
    back = operations.RunPython(operations.RunPython.noop, create.code)
    found = findings([operations.RemoveField("Order", "n"), back], before=SHOP, backwards=True)
    assert [one.message for one in found if one.rule == "pending_trigger_events"] == [ALTERED]
