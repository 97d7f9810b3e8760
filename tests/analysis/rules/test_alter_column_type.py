from __future__ import annotations

from functools import partial

from django.db import models
from django.db.migrations import operations

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "alter_column_type")
clean = partial(assert_clean, "alter_column_type")

MESSAGE = (
    "Changing the type of column {} of shop_order from {} to {} writes the whole table anew under an ACCESS EXCLUSIVE lock, "
    "which blocks reads and writes."
)


def alter(name, field):
    return [operations.AlterField("Order", name, field)]


def test_larger_integer():
    finds(alter("number", models.BigIntegerField()), MESSAGE.format("number", "integer", "bigint"))


def test_shorter_text():
    finds(
        alter("title", models.CharField(max_length=50)),
        MESSAGE.format("title", "varchar(100)", "varchar(50)"),
    )


def test_other_scale():
    field = models.DecimalField(max_digits=10, decimal_places=4)
    finds(alter("total", field), MESSAGE.format("total", "numeric(8, 2)", "numeric(10, 4)"))


def test_going_back():
    finds(
        alter("number", models.BigIntegerField()),
        MESSAGE.format("number", "bigint", "integer"),
        backwards=True,
    )


def test_primary_keys_have_a_rule_of_their_own():
    before = [operations.CreateModel("Old", [("id", models.AutoField(primary_key=True))])]
    clean(
        [operations.AlterField("Old", "id", models.BigAutoField(primary_key=True))], before=before
    )


def test_foreign_key_to_another_type_of_key():
    before = [
        operations.CreateModel("A", [("id", models.AutoField(primary_key=True))]),
        operations.CreateModel("B", [("id", models.UUIDField(primary_key=True))]),
        operations.CreateModel(
            "Order",
            [
                ("id", models.AutoField(primary_key=True)),
                ("to", models.ForeignKey("shop.A", models.CASCADE)),
            ],
        ),
    ]
    change = alter("to", models.ForeignKey("shop.B", models.CASCADE))
    finds(change, MESSAGE.format("to_id", "integer", "uuid"), before=before)


def test_longer_text():
    clean(alter("title", models.CharField(max_length=200)))
    clean(alter("title", models.TextField()))


def test_more_digits_before_the_point():
    clean(alter("total", models.DecimalField(max_digits=12, decimal_places=2)))


def test_same_type_by_another_field():
    clean(alter("number", models.PositiveIntegerField()))
    clean(alter("title", models.SlugField(max_length=100)))


def test_what_the_database_does_not_see():
    clean(alter("number", models.IntegerField(help_text="x", verbose_name="y", default=9)))


def test_new_table():
    new = operations.CreateModel("New", [("id", models.AutoField(primary_key=True))])
    clean([new, operations.AlterField("New", "id", models.BigAutoField(primary_key=True))])


def test_sqlite_says_so_by_another_rule():
    clean(alter("number", models.BigIntegerField()), on="sqlite")


def test_types_of_a_vendor_with_two_products_are_known_without_a_connection():
    assert_finds(
        "alter_column_type",
        alter("number", models.BigIntegerField()),
        "Changing the type of column number of shop_order from integer to bigint writes the whole table anew under a copy of the table "
        "with LOCK=SHARED, which blocks writes.",
        on="mysql",
    )
