from __future__ import annotations

from functools import partial

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from django_safe_migrate import conf
from django_safe_migrate.analysis import analyse
from django_safe_migrate.analysis.misfits import CUT, FAILS, ROUNDED, UNKNOWN
from django_safe_migrate.databases import get_database
from tests.analysis.lint import (
    assert_clean,
    assert_finds,
    initial,
    migration,
    plan_of,
    state_after,
)

finds = partial(assert_finds, "narrow_column")
clean = partial(assert_clean, "narrow_column")

MESSAGE = (
    "Column {} of shop_order becomes {}, which cannot hold every {}: a value that does not fit {}."
)

#: What Django writes after the type of a key.
COUNTED = {"postgresql": "", "mysql": " AUTO_INCREMENT"}
#: What becomes of a value where Django does not convert explicitly.
FATES = {"postgresql": FAILS, "mysql": UNKNOWN}


def alter(name, field):
    return [operations.AlterField("Order", name, field)]


def test_text_with_a_length():
    field = models.CharField(max_length=50, null=True)
    finds(
        alter("note", field),
        MESSAGE.format("note", "varchar(50)", "text", "is cut off without an error"),
    )


def test_shorter_text():
    finds(
        alter("title", models.SlugField(max_length=50)),
        MESSAGE.format("title", "varchar(50)", "varchar(100)", CUT),
    )
    finds(
        alter("title", models.CharField(max_length=50)),
        MESSAGE.format("title", "varchar(50)", "varchar(100)", "makes the migration fail"),
    )


def test_smaller_integer():
    finds(
        alter("number", models.SmallIntegerField()),
        MESSAGE.format("number", "smallint", "integer", FAILS),
    )


def test_fewer_digits():
    field = models.DecimalField(max_digits=8, decimal_places=1)
    finds(alter("total", field), MESSAGE.format("total", "numeric(8, 1)", "numeric(8, 2)", ROUNDED))
    finds(
        alter("total", models.IntegerField()),
        MESSAGE.format("total", "integer", "numeric(8, 2)", ROUNDED),
    )


def test_what_a_setting_of_the_server_decides():
    finds(
        alter("title", models.CharField(max_length=50)),
        MESSAGE.format("title", "varchar(50)", "varchar(100)", UNKNOWN),
        on="mysql",
    )


def test_going_back_to_the_smaller_type():
    change = alter("number", models.BigIntegerField())
    finds(change, MESSAGE.format("number", "integer", "bigint", FAILS), backwards=True)


def test_larger_types():
    clean(alter("number", models.BigIntegerField()))
    clean(alter("number", models.CharField(max_length=11)))
    clean(alter("title", models.TextField()))
    clean(alter("total", models.DecimalField(max_digits=9, decimal_places=3)))


def test_larger_key_that_is_counted_up():
    before = [operations.CreateModel("Old", [("id", models.AutoField(primary_key=True))])]
    larger = [operations.AlterField("Old", "id", models.BigAutoField(primary_key=True))]
    for vendor in ("postgresql", "mysql"):
        clean(larger, before=before, on=vendor)
        finds(
            larger,
            MESSAGE.replace("shop_order", "shop_old").format(
                "id", *(f"{one}{COUNTED[vendor]}" for one in ("integer", "bigint")), FATES[vendor]
            ),
            before=before,
            on=vendor,
            backwards=True,
        )


def test_sqlite_keeps_what_does_not_fit():
    clean(alter("title", models.CharField(max_length=50)), on="sqlite")


def test_other_things_about_the_column():
    clean(alter("title", models.CharField(max_length=100, null=True, db_index=True)))


@pytest.mark.vendors("postgresql", "mariadb")
@pytest.mark.parametrize(
    ("titles", "clause", "severity"),
    [
        (["short"], " (0 rows with such a value now)", "warning"),
        (["short", "x" * 51], " (1 row with such a value now)", "error"),
        (["x" * 51, "ü" * 50, "x" * 60], " (2 rows with such a value now)", "error"),
    ],
)
def test_texts_that_are_there(connection, titles, clause, severity):
    with connection.schema_editor() as editor:
        state = migration(initial(), "0001_initial").apply(ProjectState(), editor)
    customer = state.apps.get_model("shop", "Customer").objects.create(name="a")
    order = state.apps.get_model("shop", "Order")
    for title in titles:
        order.objects.create(number=1, title=title, code="", total=1, customer=customer)
    plan = plan_of(migration(alter("title", models.CharField(max_length=50))))
    found = analyse(plan, get_database(connection), state_after(initial()), conf.load())
    [finding] = [one for one in found if one.rule == "narrow_column"]
    message = MESSAGE.format("title", "varchar(50)", "varchar(100)", FATES[connection.vendor])
    assert finding.message == f"{message.removesuffix('.')}{clause}."
    assert finding.severity.label == severity


@pytest.mark.vendors("postgresql", "mariadb")
def test_numbers_are_not_counted(connection):
    with connection.schema_editor() as editor:
        migration(initial(), "0001_initial").apply(ProjectState(), editor)
    plan = plan_of(migration(alter("number", models.SmallIntegerField())))
    found = analyse(plan, get_database(connection), state_after(initial()), conf.load())
    [finding] = [one for one in found if one.rule == "narrow_column"]
    assert finding.message == MESSAGE.format(
        "number", "smallint", "integer", FATES[connection.vendor]
    )
