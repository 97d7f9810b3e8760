from __future__ import annotations

from functools import partial

import pytest
from django.db import OperationalError, models
from django.db.migrations import operations
from django.db.migrations.state import ProjectState

from tests.analysis.lint import assert_clean, assert_finds, initial, migration

finds = partial(assert_finds, "change_primary_key")
clean = partial(assert_clean, "change_primary_key")

AE = "an ACCESS EXCLUSIVE lock, which blocks reads and writes"
TYPE = "Changing the type of the primary key id of shop_customer writes every row of it{} anew {}."
OLD = [
    operations.CreateModel(
        "Customer",
        [("id", models.AutoField(primary_key=True)), ("name", models.TextField(unique=True))],
    ),
    operations.CreateModel(
        "Order",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("customer", models.ForeignKey("shop.Customer", models.CASCADE)),
            ("watchers", models.ManyToManyField("shop.Customer", related_name="+")),
        ],
    ),
]
BIG = operations.AlterField("Customer", "id", models.BigAutoField(primary_key=True))


def test_type_with_all_that_refer_to_it():
    also = ", and of shop_order, shop_order_watchers, which refer to it,"
    [found] = finds([BIG], TYPE.format(also, f"under {AE}"), before=OLD)
    assert found.tables == ("shop_customer", "shop_order", "shop_order_watchers")


def test_type_of_a_key_that_nothing_refers_to():
    alone = operations.AlterField("Order", "id", models.UUIDField(primary_key=True))
    finds(
        [alone],
        f"Changing the type of the primary key id of shop_order writes every row of it, and of shop_order_watchers, which refer to it, anew under {AE}.",
        before=OLD,
    )


def test_on_sqlite():
    how = "while nobody else can write to the database"
    uuid = operations.AlterField("Customer", "id", models.UUIDField(primary_key=True))
    finds(
        [uuid],
        TYPE.format(", and of shop_order, shop_order_watchers, which refer to it,", how),
        before=OLD,
        on="sqlite",
    )


def test_another_column():
    field = models.TextField(primary_key=True)
    finds(
        [operations.AlterField("Customer", "name", field)],
        "Column name becomes the primary key of shop_customer, which builds its index over all rows while the table is blocked and "
        "breaks the foreign keys of shop_order, shop_order_watchers.",
        before=OLD,
    )


def test_a_new_column():
    new = operations.AddField("Pinned", "key", models.UUIDField(primary_key=True, default="x"))
    finds(
        [new],
        "Column key becomes the primary key of legacy_pinned, which builds its index over all rows while the table is blocked.",
    )


def test_integers_are_all_alike_on_sqlite():
    clean([BIG], before=OLD, on="sqlite")


def test_same_type():
    clean(
        [
            operations.AlterField(
                "Order", "id", models.BigAutoField(primary_key=True, verbose_name="ID")
            )
        ]
    )


def test_other_column():
    clean([operations.AlterField("Order", "number", models.BigIntegerField())])


def test_new_table():
    new = operations.CreateModel("New", [("id", models.AutoField(primary_key=True))])
    clean([new, operations.AlterField("New", "id", models.BigAutoField(primary_key=True))])


def test_longer_text_that_others_refer_to():
    """PostgreSQL leaves every row as it is; Django makes the foreign keys anew."""
    country = operations.CreateModel(
        "Country", [("code", models.CharField(max_length=10, primary_key=True))]
    )
    longer = operations.AlterField(
        "Country", "code", models.CharField(max_length=20, primary_key=True)
    )
    clean([longer], before=[country])
    city = operations.CreateModel(
        "City",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("country", models.ForeignKey("shop.Country", models.CASCADE)),
        ],
    )
    [found] = finds(
        [longer],
        f"Changing the type of the primary key code of shop_country makes the foreign keys of shop_city anew, which looks up every row under {AE}.",
        before=[country, city],
    )
    assert found.tables == ("shop_city",)
    assert found.hint.startswith("The change itself does not need that")


COMPOSITE = [
    operations.AlterField("Pinned", "id", models.BigIntegerField()),
    operations.AddField("Pinned", "pk", models.CompositePrimaryKey("id", "number")),
]
NUMBERED = [*initial(), operations.AddField("Pinned", "number", models.IntegerField(default=0))]


def test_composite_key_of_a_table_that_exists():
    for vendor in ("postgresql", "mysql", "sqlite"):
        finds(
            COMPOSITE,
            "shop.0002_change takes the primary key id from legacy_pinned, and Django makes no other one of a table that exists: the "
            "migration fails, or leaves the table without any.",
            before=NUMBERED,
            on=vendor,
        )


def test_another_column_takes_over():
    finds(
        [
            operations.AlterField("Pinned", "id", models.BigIntegerField()),
            operations.AlterField("Pinned", "number", models.IntegerField(primary_key=True)),
        ],
        "Column number becomes the primary key of legacy_pinned, which builds its index over all rows while the table is blocked.",
        before=NUMBERED,
    )


@pytest.mark.vendors("postgresql", "mariadb")
def test_so_it_is(connection):
    """Without its old key the table has none at all."""
    _make_composite(connection)
    with connection.cursor() as cursor:
        assert not connection.introspection.get_primary_key_columns(cursor, "legacy_pinned")


@pytest.mark.vendors("sqlite")
def test_sqlite_fails(connection):
    with pytest.raises(OperationalError):
        _make_composite(connection)


def _make_composite(connection):
    with connection.schema_editor() as editor:
        state = migration(NUMBERED, "0001_initial").apply(ProjectState(), editor)
    with connection.schema_editor() as editor:
        migration(COMPOSITE).apply(state, editor)
