from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, findings

finds = partial(assert_finds, "schema_and_data_in_one_transaction")
clean = partial(assert_clean, "schema_and_data_in_one_transaction")

ADD = operations.AddField("Order", "x", models.TextField(null=True))
MESSAGE = "RunPython in shop.0002_change runs while the transaction holds an ACCESS EXCLUSIVE lock, which blocks reads and writes, on {}."


def fill_numbers(apps, schema_editor):
    """Stands for a data migration."""


DATA = operations.RunPython(fill_numbers, operations.RunPython.noop)


def test_data_after_schema():
    [found] = finds([ADD, DATA], MESSAGE.format("shop_order"))
    assert found.severity.label == "warning"


def test_several_tables_under_their_new_names():
    changes = [ADD, operations.AlterModelTable("Tag", "labels")]
    finds([*changes, DATA], MESSAGE.format("shop_order, labels"))


def test_going_back():
    forwards = operations.RunPython(operations.RunPython.noop, fill_numbers)
    finds([forwards, ADD], MESSAGE.format("shop_order"), backwards=True)


def test_data_before_schema():
    clean([DATA, ADD])


def test_nothing_to_run():
    clean([ADD, operations.RunPython(operations.RunPython.noop, fill_numbers)])
    clean([ADD, operations.RunPython(fill_numbers)], backwards=True)


def test_migration_that_is_not_atomic():
    clean([ADD, DATA], atomic=False)


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, DATA])


def test_change_of_the_state_only():
    clean([operations.SeparateDatabaseAndState([], [ADD]), DATA])
    clean(
        [operations.AlterField("Order", "note", models.TextField(null=True, help_text="x")), DATA]
    )


def test_other_vendors():
    for vendor in ("sqlite", "mysql"):
        clean([ADD, DATA], on=vendor)


SQL = "UPDATE of all rows in shop.0002_change runs while the transaction holds an ACCESS EXCLUSIVE lock, which blocks reads and writes, on {}."


def sql(*statements):
    return operations.RunSQL(list(statements), operations.RunSQL.noop)


def test_sql_that_writes_all_rows():
    alter, update = "ALTER TABLE shop_order ADD COLUMN x text", "UPDATE shop_order SET x = note"
    for ops in ([sql(alter, update)], [sql(alter), sql(update)], [ADD, sql(update)]):
        finds(ops, SQL.format("shop_order"))
    finds([sql(update, alter)], AFTER.format("shop_order"))
    clean([sql(alter, f"{update} WHERE id = 1")])
    clean([sql(alter, update)], atomic=False)


def test_locks_that_let_others_read():
    """An index that is built, and the table that a new foreign key refers to."""
    clean([operations.AlterField("Order", "number", models.IntegerField(db_index=True)), DATA])
    key = models.ForeignKey("shop.Tag", models.CASCADE, null=True, related_name="+")
    finds([operations.AddField("Order", "tag", key), DATA], MESSAGE.format("shop_order"))


def test_table_that_a_foreign_key_referred_to():
    changes = [operations.RemoveField("Order", "customer"), DATA]
    finds(changes, MESSAGE.format("shop_order, shop_customer"))


AFTER = (
    "shop.0002_change keeps the rows of shop_order locked that it has written, and then waits for {0}: a session that uses {0} and waits "
    "for one of these rows makes a deadlock."
)
ADD_TO_CUSTOMER = operations.AddField("Customer", "x", models.TextField(null=True))


def in_batches(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    orders = Order.objects.filter(note=None)
    while keys := list(orders.values_list("pk", flat=True)[:1000]):
        orders.filter(pk__in=keys).update(note="")


def at_once(apps, schema_editor):
    apps.get_model("shop", "Order").objects.update(note="")


def one_row(apps, schema_editor):
    apps.get_model("shop", "Order").objects.filter(pk=4711).update(note="")


def test_many_rows_before_schema():
    for function in (in_batches, at_once):
        data = operations.RunPython(function, operations.RunPython.noop)
        [found] = finds([data, ADD_TO_CUSTOMER, ADD], AFTER.format("shop_customer"))
        assert found.hint.endswith("before this one.")
    update = sql("UPDATE shop_order SET note = ''")
    finds([update, ADD_TO_CUSTOMER], AFTER.format("shop_customer"))
    finds([update, ADD], AFTER.format("shop_order"))
    finds([update, sql("ALTER TABLE shop_tag ADD x int"), ADD], AFTER.format("shop_tag"))


def test_many_rows_before_a_table_that_is_locked_already():
    """The lock was there before the rows were written: nobody else can hold the table."""
    data = operations.RunPython(at_once, operations.RunPython.noop)
    again = operations.AddField("Order", "y", models.TextField(null=True))
    held = [one for one in findings([ADD, data, again]) if "keeps the rows" in one.message]
    assert not held
    [found] = [
        one
        for one in findings([ADD, data, again, ADD_TO_CUSTOMER])
        if "keeps the rows" in one.message
    ]
    assert found.message == AFTER.format("shop_customer")


def test_few_rows_before_schema():
    data = operations.RunPython(one_row, operations.RunPython.noop)
    clean([data, ADD_TO_CUSTOMER])
    clean([sql("UPDATE shop_order SET note = '' WHERE id = 1"), ADD_TO_CUSTOMER])


def test_many_rows_before_what_locks_nothing():
    data = operations.RunPython(at_once, operations.RunPython.noop)
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    state_only = operations.SeparateDatabaseAndState([], [ADD])
    clean([data, new])
    clean([data, state_only])
    clean([data, ADD], atomic=False)
    for vendor in ("sqlite", "mysql"):
        clean([data, ADD], on=vendor)


def test_sql_that_fills_what_is_null():
    message = SQL.format("shop_order").replace("all rows", "many rows")
    fill = 'UPDATE "shop_order" SET x = note WHERE "shop_order".x IS NULL;'
    finds([ADD, sql(fill)], message)
    copy = "INSERT INTO shop_tag (id) SELECT customer_ref FROM shop_order WHERE customer_ref IS NOT NULL"
    finds([ADD, sql(copy)], message.replace("UPDATE", "INSERT"))
    clean([ADD, sql("UPDATE shop_order SET x = note WHERE x IS NULL AND id = 1")])
