from __future__ import annotations

from functools import partial

from django.contrib.postgres.functions import RandomUUID  # noqa: E402
from django.db import models
from django.db.migrations import operations
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now, Pi, Random  # noqa: E402

from tests.analysis.lint import assert_clean, assert_finds

finds = partial(assert_finds, "volatile_db_default")
clean = partial(assert_clean, "volatile_db_default")

MESSAGE = (
    "Column x is added to shop_order with a default computed for each row, which writes the whole table anew under an ACCESS EXCLUSIVE "
    "lock, which blocks reads and writes."
)


def add(field):
    return [operations.AddField("Order", "x", field)]


def test_random_values():
    finds(add(models.FloatField(db_default=Random())), MESSAGE)
    finds(add(models.UUIDField(db_default=RandomUUID())), MESSAGE)


def test_written_in_sql():
    finds(add(models.IntegerField(db_default=RawSQL("nextval('x_seq'::regclass)", ()))), MESSAGE)
    finds(add(models.UUIDField(db_default=RawSQL("gen_random_uuid()", ()))), MESSAGE)
    clean(add(models.DateTimeField(db_default=RawSQL("now()", ()))))
    clean(add(models.IntegerField(db_default=RawSQL("1 + 2", ()))))
    clean(add(models.IntegerField(null=True, db_default=RawSQL("NULL", ()))))


def test_inside_of_another_expression():
    default = Coalesce(models.Func(function="clock_timestamp"), Now())
    finds(add(models.DateTimeField(db_default=default)), MESSAGE)


def test_constants():
    clean(add(models.IntegerField(db_default=3)))
    clean(add(models.FloatField(db_default=Pi())))


def test_one_value_for_the_whole_statement():
    clean(add(models.DateTimeField(db_default=Now())))


def test_default_of_django():
    clean(add(models.IntegerField(default=3)))


def test_existing_column():
    clean([operations.AlterField("Order", "total", models.FloatField(db_default=Random()))])


def test_new_table():
    new = operations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))])
    clean([new, operations.AddField("New", "x", models.FloatField(db_default=Random()))])
