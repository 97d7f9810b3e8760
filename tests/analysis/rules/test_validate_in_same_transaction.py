from __future__ import annotations

from functools import partial

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds, initial

finds = partial(assert_finds, "validate_in_same_transaction")
clean = partial(assert_clean, "validate_in_same_transaction")

MESSAGE = (
    "Validating constraint c reads all rows of shop_order in the transaction that has altered the table before and holds "
    "an ACCESS EXCLUSIVE lock, which blocks reads and writes, until it ends."
)
ADD = AddConstraintNotValid(
    "Order", models.CheckConstraint(condition=models.Q(number__gt=0), name="c")
)
VALIDATE = ValidateConstraint("Order", "c")


def test_same_migration():
    [found] = finds([ADD, VALIDATE], MESSAGE)
    assert "ValidateConstraint(\n    model_name='Order',\n    name='c',\n)," in found.hint


def test_hand_written():
    add = operations.RunSQL("ALTER TABLE shop_order ADD CONSTRAINT c CHECK (number > 0) NOT VALID")
    validate = operations.RunSQL("ALTER TABLE shop_order VALIDATE CONSTRAINT c")
    finds([add, validate], MESSAGE)
    finds([operations.RunSQL(f"{add.sql}; {validate.sql}")], MESSAGE)
    clean([operations.RunSQL(f"{add.sql}; {validate.sql}")], atomic=False)
    clean([validate])
    clean([add, validate], atomic=False)


def test_foreign_key_keeps_others_from_writing():
    add = operations.RunSQL(
        "ALTER TABLE shop_order ADD CONSTRAINT c FOREIGN KEY (customer_ref) REFERENCES shop_customer (id) NOT VALID"
    )
    share = "a SHARE ROW EXCLUSIVE lock, which blocks writes"
    exclusive = "an ACCESS EXCLUSIVE lock, which blocks reads and writes"
    finds([add, VALIDATE], MESSAGE.replace(exclusive, share))


def test_not_atomic():
    clean([ADD, VALIDATE], atomic=False)


def test_constraint_that_was_there():
    clean([VALIDATE], before=[*initial(), ADD])


def test_another_table_altered():
    other = operations.AddField("Customer", "x", models.TextField(null=True))
    clean([other, VALIDATE], before=[*initial(), ADD])


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
    )
    constraint = models.CheckConstraint(condition=models.Q(number__gt=0), name="c")
    clean([new, AddConstraintNotValid("New", constraint), ValidateConstraint("New", "c")])
