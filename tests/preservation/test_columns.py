"""Columns that are dropped come back with their values, by key."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, migrations, models

from tests.preservation.bench import Bench, identity, migration

NOTE = models.CharField(max_length=50, null=True)
INITIAL = migration(
    "0001_initial",
    migrations.CreateModel("Author", [identity(), ("name", models.CharField(max_length=20))]),
    migrations.CreateModel(
        "Item",
        [
            identity(),
            ("name", models.CharField(max_length=20)),
            ("note", NOTE),
            ("price", models.DecimalField(max_digits=12, decimal_places=3)),
            ("sold", models.DateTimeField(null=True)),
            ("author", models.ForeignKey("shop.Author", models.CASCADE, null=True)),
            ("owner", models.ForeignKey("shop.Author", models.CASCADE, related_name="+")),
            ("stock", models.IntegerField(default=0)),
        ],
    ),
)
DROP_NOTE = migration("0002_note", migrations.RemoveField("item", "note"))


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.forwards(INITIAL)
    bench.sql("INSERT INTO shop_author (id, name) VALUES (7, 'Ada'), (8, 'Bob')")
    bench.sql(
        "INSERT INTO shop_item (id, name, note, price, sold, author_id, owner_id, stock) VALUES "
        "(1, 'one', 'keep dry', 10.125, '2026-01-02 03:04:05', 7, 7, 3), (2, 'two', NULL, 2.5, NULL, 8, 7, 0), "
        "(3, 'three', 'fragile', 3.001, NULL, NULL, 7, 1)"
    )
    return bench


def add(bench: Bench, number: int) -> None:
    """Add a row as the release without the column does."""
    present = bench.database.columns("shop_item")
    values = {"id": number, "name": "'new'", "price": 1, "owner_id": 7, "stock": 5}
    given = {name: value for name, value in values.items() if name in present}
    bench.sql(
        f"INSERT INTO shop_item ({', '.join(given)}) VALUES ({', '.join(map(str, given.values()))})"
    )


def test_values_come_back_by_key_and_rows_that_changed_are_told(shop: Bench) -> None:
    shop.forwards(DROP_NOTE)
    (kept,) = shop.kept
    assert (kept.what, kept.rows, kept.state, kept.keys) == (
        "column note of shop_item",
        3,
        "kept",
        ("id",),
    )
    assert shop.notices == [
        f"Kept column note of shop_item with 3 rows in {kept.name} until {kept.keep_until[:10]}."
    ]
    shop.sql("DELETE FROM shop_item WHERE id = 3")
    add(shop, 4)
    shop.backwards(DROP_NOTE)
    assert shop.sql("SELECT id, note FROM shop_item ORDER BY id") == [
        (1, "keep dry"),
        (2, None),
        (4, None),
    ]
    assert shop.notices == [
        "Put back 2 rows of column note of shop_item; 1 row is gone; 1 row was added since and has no kept value. "
        f"The copy stays in {kept.name} until {kept.keep_until[:10]}."
    ]
    assert shop.kept[0].state == "returned"
    assert not any("fragile" in notice or "dry" in notice for notice in shop.notices)


def test_every_type_comes_back_as_it_was(bench: Bench) -> None:
    fields = {
        "flag": models.BooleanField(null=True),
        "blob": models.BinaryField(null=True),
        "data": models.JSONField(null=True),
        "price": models.DecimalField(max_digits=20, decimal_places=9, null=True),
        "day": models.DateField(null=True),
        "moment": models.DateTimeField(null=True),
        "span": models.DurationField(null=True),
        "key": models.UUIDField(null=True, unique=True),
        "ratio": models.FloatField(null=True),
        "text": models.TextField(null=True, db_index=True),
    }
    create = migration(
        "0001_initial", migrations.CreateModel("Thing", [identity(), *fields.items()])
    )
    drop = migration(
        "0002_drop",
        *(migrations.RemoveField("thing", name) for name in list(fields)[:5]),
        migrations.SeparateDatabaseAndState(
            [migrations.RemoveField("thing", name) for name in list(fields)[5:]],
            [migrations.RemoveField("thing", name) for name in list(fields)[5:]],
        ),
    )
    bench.forwards(create)
    things = bench.state.apps.get_model("shop", "Thing").objects
    things.create(
        flag=True,
        blob=b"\x00\xff'",
        data={"a": [1, None, "\u00e4"]},
        price=Decimal("12345678901.123456789"),
        day=datetime.date(1999, 12, 31),
        moment=datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC),
        span=datetime.timedelta(days=3, microseconds=1),
        key="12345678-1234-5678-1234-567812345678",
        ratio=0.1 + 0.2,
        text="\U0001f600 'quoted' %s",
    )
    things.create()
    before = list(things.order_by("pk").values_list())
    bench.forwards(drop)
    assert bench.database.columns("shop_thing") == ("id",)
    bench.backwards(drop)
    again = bench.state.apps.get_model("shop", "Thing").objects
    assert (
        list(again.order_by("pk").values_list(*[f.name for f in things.model._meta.fields]))
        == before
    )


def test_without_a_default_and_not_null(shop: Bench) -> None:
    """Django adds the column without values, which fails as soon as there are rows."""
    drop = migration(
        "0002_price",
        migrations.RemoveField("item", "price"),
        migrations.RemoveField("item", "owner"),
    )
    shop.forwards(drop)
    shop.backwards(drop)
    prices = shop.sql("SELECT id, price FROM shop_item ORDER BY id")
    assert [(number, Decimal(str(price)).normalize()) for number, price in prices] == [
        (1, Decimal("10.125")),
        (2, Decimal("2.5")),
        (3, Decimal("3.001")),
    ]
    with pytest.raises(IntegrityError):
        shop.sql(
            "INSERT INTO shop_item (id, name, stock, owner_id, price) VALUES (9, 'x', 1, 7, NULL)"
        )
    assert shop.sql("SELECT DISTINCT owner_id FROM shop_item") == [(7,)]
    assert "Put back 3 rows of column owner_id of shop_item." in shop.notices[0]
    assert "Put back 3 rows of column price of shop_item." in shop.notices[1]


def test_what_refers_to_a_row_that_is_gone_is_left_out(shop: Bench) -> None:
    drop = migration(
        "0002_author",
        migrations.RemoveField("item", "author"),
        migrations.RemoveField("item", "note"),
    )
    shop.forwards(drop)
    shop.sql("DELETE FROM shop_author WHERE id = 8")
    shop.backwards(drop)
    assert shop.sql("SELECT id, author_id, note FROM shop_item ORDER BY id") == [
        (1, 7, "keep dry"),
        (2, None, None),
        (3, None, "fragile"),
    ]
    assert any(
        "Put back 2 rows of column author_id of shop_item; 1 row was left as it is" in one
        for one in shop.notices
    )


def test_a_column_that_a_rollback_dropped_comes_back_forwards(shop: Bench) -> None:
    colour = migration(
        "0002_colour",
        migrations.AddField("item", "colour", models.CharField(max_length=9, default="grey")),
    )
    shop.forwards(colour)
    assert shop.kept == []
    shop.sql("UPDATE shop_item SET colour = 'red' WHERE id = 1")
    shop.backwards(colour)
    assert "colour" not in shop.database.columns("shop_item")
    shop.forwards(colour)
    assert shop.sql("SELECT id, colour FROM shop_item ORDER BY id") == [
        (1, "red"),
        (2, "grey"),
        (3, "grey"),
    ]


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"max_rows": 2}, "the table has more than 2 rows"),
        ({"max_size": 3}, "bytes, more than 3"),
    ],
)
def test_too_much_is_not_kept_and_said(shop: Bench, limit: dict[str, int], reason: str) -> None:
    shop.limit(**limit)
    shop.forwards(DROP_NOTE)
    (notice,) = shop.notices
    assert notice.startswith("Column note of shop_item is not kept: ")
    assert reason in notice
    assert shop.kept == []


def test_nothing_is_kept_where_nothing_is_lost_or_it_is_off(shop: Bench) -> None:
    shop.sql("UPDATE shop_item SET note = NULL")
    shop.forwards(DROP_NOTE)
    shop.limit(enabled=False)
    shop.forwards(migration("0003_stock", migrations.RemoveField("item", "stock")))
    assert (
        shop.notices,
        shop.side_tables,
        shop.database.tables().count("django_safe_migrate_kept"),
    ) == (
        [],
        [],
        0,
    )


def test_of_a_table_that_the_same_run_has_made_nothing_is_kept(bench: Bench) -> None:
    fill = migrations.RunSQL(
        "INSERT INTO shop_item (id, name, price, owner_id, stock) VALUES (1, 'one', 1, 7, 3)"
    )
    author = migrations.RunSQL("INSERT INTO shop_author (id, name) VALUES (7, 'Ada')")
    bench.forwards(
        INITIAL,
        migration("0002_fill", author, fill),
        migration("0003_rename", migrations.RenameModel("Item", "Thing")),
        migration(
            "0004_drop",
            migrations.RemoveField("thing", "stock"),
            migrations.DeleteModel("Thing"),
        ),
    )
    assert bench.kept == []
    assert bench.notices == []
    # Of one that was there before, what the same plan drops is kept.
    bench.forwards(migration("0005_name", migrations.RemoveField("author", "name")))
    assert [one.what for one in bench.kept] == ["column name of shop_author"]


def test_rows_that_came_back_are_kept_again_by_the_same_run(shop: Bench) -> None:
    drop, again = (
        migration("0002_delete", migrations.DeleteModel("Item")),
        migration("0003_stock", migrations.AlterModelOptions("author", {})),
    )
    shop.forwards(drop, again)
    before = len(shop.kept)
    # Backwards the table comes back with its rows, and goes with the model's own migration.
    shop.backwards(again, drop)
    assert shop.sql("SELECT COUNT(*) FROM shop_item") == [(3,)]
    shop.backwards(INITIAL)
    assert {one.what for one in shop.kept[before:]} == {"table shop_item", "table shop_author"}
