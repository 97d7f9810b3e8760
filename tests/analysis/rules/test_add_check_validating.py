from __future__ import annotations

from functools import partial

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint  # noqa: E402
from django.db import models
from django.db.migrations import operations

from django_safe_migrate import values
from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "add_check_validating")
clean = partial(assert_clean, "add_check_validating")

CHECK = models.CheckConstraint(condition=models.Q(number__gt=0), name="positive")
SCAN = "reads the whole table under an ACCESS EXCLUSIVE lock, which blocks reads and writes"


def test_constraint():
    [found] = finds(
        [operations.AddConstraint("Order", CHECK)],
        f"Adding constraint positive to shop_order {SCAN}, and fails on a row that does not satisfy it.",
    )
    assert "AddConstraintNotValid(\n    model_name='Order'," in found.hint
    assert "ValidateConstraint(model_name='Order', name='positive')" in found.hint


def test_new_column_with_a_check():
    new = operations.AddField("Order", "stock", models.PositiveIntegerField(null=True))
    finds([new], f"The CHECK that comes with the new column stock of shop_order {SCAN}.")


def test_column_that_gets_a_check():
    change = operations.AlterField("Order", "number", models.PositiveIntegerField())
    finds(
        [change],
        f"The CHECK that column number of shop_order gets {SCAN}, and fails on a row that does not satisfy it.",
    )


def test_going_back_over_remove_constraint():
    state_only = operations.SeparateDatabaseAndState([], [operations.AddConstraint("Order", CHECK)])
    finds(
        [state_only, operations.RemoveConstraint("Order", "positive")],
        f"Adding constraint positive to shop_order {SCAN}, and fails on a row that does not satisfy it.",
        backwards=True,
    )


def test_what_the_hint_says():
    clean([AddConstraintNotValid("Order", CHECK), ValidateConstraint("Order", "positive")])


def test_plain_column():
    clean([operations.AddField("Order", "stock", models.IntegerField(null=True))])


def test_check_that_goes():
    before = operations.SeparateDatabaseAndState(
        [], [operations.AlterField("Order", "number", models.PositiveIntegerField())]
    )
    clean([before, operations.AlterField("Order", "number", models.IntegerField())])


def test_new_table():
    new = operations.CreateModel(
        "New", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
    )
    clean([new, operations.AddConstraint("New", CHECK)])


COPY = "copies the table with LOCK=SHARED, which blocks writes"


def test_copy_on_mysql():
    mysql = {"on": "mysql", "settings": {"target_version": values.target_version("mysql 8.4")}}
    [found] = finds(
        [operations.AddConstraint("Order", CHECK)],
        f"Adding constraint positive to shop_order {COPY}, and fails on a row that does not satisfy it.",
        **mysql,
    )
    assert "NotValid" not in found.hint
    new = operations.AddField("Order", "stock", models.PositiveIntegerField(null=True))
    [found] = finds(
        [new],
        f"The CHECK that comes with the new column stock of shop_order {COPY}.",
        **mysql,
    )
    assert "NotValid" not in found.hint
    finds(
        [operations.AlterField("Order", "number", models.PositiveIntegerField())],
        f"The CHECK that column number of shop_order gets {COPY}, and fails on a row that does not satisfy it.",
        **mysql,
    )


def test_mariadb_adds_a_column_with_its_check_at_once():
    mariadb = {
        "on": "mysql",
        "settings": {"target_version": values.target_version("mariadb 10.11")},
    }
    clean(
        [operations.AddField("Order", "stock", models.PositiveIntegerField(null=True))], **mariadb
    )
    finds(
        [operations.AddConstraint("Order", CHECK)],
        f"Adding constraint positive to shop_order {COPY}, and fails on a row that does not satisfy it.",
        **mariadb,
    )


def test_sqlite_has_no_other_way():
    clean([operations.AddConstraint("Order", CHECK)], on="sqlite")
