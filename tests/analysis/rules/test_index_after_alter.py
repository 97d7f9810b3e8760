from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "index_after_alter")
clean = partial(assert_clean, "index_after_alter")

MESSAGE = (
    "Index {} of shop_order is built in the transaction that has altered the table before and holds an ACCESS EXCLUSIVE lock, "
    "which blocks reads and writes, until it ends."
)
ADD = operations.AddField("Order", "x", models.TextField(null=True))
INDEX = operations.AddIndex("Order", models.Index(fields=["number"], name="n"))


def test_add_field_and_index():
    [found] = finds([ADD, INDEX], MESSAGE.format("n"))
    assert "AddIndexConcurrently(" in found.hint


def test_db_index():
    indexed = operations.AlterField("Order", "number", models.IntegerField(db_index=True))
    finds([ADD, indexed], MESSAGE.format("on column number"))


def test_hand_written():
    alter = operations.RunSQL("ALTER TABLE shop_order ADD COLUMN y integer")
    index = operations.RunSQL("CREATE INDEX n ON shop_order (number)")
    finds([alter, index], MESSAGE.format("n"))
    both = operations.RunSQL(
        "ALTER TABLE shop_order ADD COLUMN y integer; CREATE INDEX n ON shop_order (number)"
    )
    finds([ADD, both], MESSAGE.format("n"))
    clean([index])
    clean([alter, operations.RunSQL("CREATE INDEX c ON shop_customer (name)")])


def test_index_first():
    clean([INDEX, ADD])


def test_another_table():
    clean([operations.AddField("Customer", "x", models.TextField(null=True)), INDEX])


def test_two_indexes():
    clean([INDEX, operations.AddIndex("Order", models.Index(fields=["state"], name="s"))])


def test_not_one_transaction():
    clean([ADD, INDEX], atomic=False)
    clean([ADD, INDEX], on="mysql")


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("a", models.IntegerField())]
    )
    index = operations.AddIndex("New", models.Index(fields=["a"], name="a"))
    clean([new, operations.AddField("New", "x", models.TextField(null=True)), index])
