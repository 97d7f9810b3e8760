"""Tables that are dropped come back with their rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import migrations, models

from tests.preservation.bench import Bench, identity, migration

INITIAL = migration(
    "0001_initial",
    migrations.CreateModel(
        "Tag", [identity(), ("name", models.CharField(max_length=20, unique=True))]
    ),
    migrations.CreateModel(
        "Item",
        [
            identity(),
            ("name", models.CharField(max_length=20)),
            ("parent", models.ForeignKey("self", models.CASCADE, null=True)),
            ("main", models.ForeignKey("shop.Tag", models.CASCADE)),
            ("tags", models.ManyToManyField("shop.Tag", related_name="+")),
        ],
    ),
)
DELETE = migration("0002_delete", migrations.DeleteModel("Item"))


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.forwards(INITIAL)
    bench.sql("INSERT INTO shop_tag (id, name) VALUES (1, 'red'), (2, 'blue')")
    bench.sql(
        "INSERT INTO shop_item (id, name, parent_id, main_id) VALUES (40, 'one', NULL, 1), (41, 'two', 40, 1), (50, 'three', 41, 2)"
    )
    bench.sql("INSERT INTO shop_item_tags (id, item_id, tag_id) VALUES (5, 40, 1), (6, 50, 2)")
    return bench


def items(bench: Bench) -> Any:
    return bench.state.apps.get_model("shop", "Item").objects


def test_rows_relations_and_sequences(shop: Bench) -> None:
    shop.forwards(DELETE)
    assert "shop_item" not in shop.database.tables()
    assert sorted(kept.what for kept in shop.kept) == ["table shop_item", "table shop_item_tags"]
    shop.backwards(DELETE)
    assert list(items(shop).order_by("id").values_list("id", "name", "parent_id", "main_id")) == [
        (40, "one", None, 1),
        (41, "two", 40, 1),
        (50, "three", 41, 2),
    ]
    assert shop.sql("SELECT id, item_id, tag_id FROM shop_item_tags ORDER BY id") == [
        (5, 40, 1),
        (6, 50, 2),
    ]
    assert items(shop).create(name="new", main_id=1).pk == 51
    items(shop).get(pk=50).tags.add(1)


def test_rows_that_refer_to_what_is_gone_are_left_out(shop: Bench) -> None:
    shop.forwards(DELETE)
    shop.sql("DELETE FROM shop_tag WHERE id = 2")
    shop.backwards(DELETE)
    assert shop.sql("SELECT id FROM shop_item ORDER BY id") == [(40,), (41,)]
    assert shop.sql("SELECT id FROM shop_item_tags") == [(5,)]
    assert any(
        "Put back 2 rows of table shop_item; 1 row was left as it is" in one for one in shop.notices
    )


def test_a_filled_table_that_a_rollback_drops_comes_back_forwards(shop: Bench) -> None:
    shop.backwards(INITIAL)
    assert [one for one in shop.database.tables() if one.startswith("shop_")] == []
    shop.forwards(INITIAL)
    assert shop.sql("SELECT count(*) FROM shop_item") == [(3,)]
    assert shop.sql("SELECT id, name FROM shop_tag ORDER BY id") == [(1, "red"), (2, "blue")]


def test_rows_that_a_migration_writes_come_first(bench: Bench) -> None:
    """A migration that fills its table does so again: what was kept comes after it, and only where its key is free."""

    def fill(apps: Any, editor: Any) -> None:
        apps.get_model("shop", "Tag").objects.create(pk=1, name="made")

    create = migration(
        "0001_initial",
        migrations.CreateModel(
            "Tag", [identity(), ("name", models.CharField(max_length=20, unique=True))]
        ),
    )
    filling = migration("0002_fill", migrations.RunPython(fill, migrations.RunPython.noop))
    bench.forwards(create, filling)
    bench.sql("UPDATE shop_tag SET name = 'changed' WHERE id = 1")
    bench.sql("INSERT INTO shop_tag (id, name) VALUES (2, 'blue')")
    bench.backwards(filling, create)
    bench.forwards(create, filling)
    assert bench.sql("SELECT id, name FROM shop_tag ORDER BY id") == [(1, "made"), (2, "blue")]
    assert any(
        "Put back 1 row of table shop_tag; 1 row was left as it is" in one for one in bench.notices
    )


def test_what_cannot_be_put_back_stays_kept_and_fails_nothing(bench: Bench) -> None:
    def fill(apps: Any, editor: Any) -> None:
        apps.get_model("shop", "Tag").objects.create(pk=9, name="red")

    create = migration(
        "0001_initial",
        migrations.CreateModel(
            "Tag", [identity(), ("name", models.CharField(max_length=20, unique=True))]
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    )
    bench.forwards(create)
    bench.sql("UPDATE shop_tag SET id = 1 WHERE id = 9")
    bench.backwards(create)
    bench.forwards(create)
    assert bench.sql("SELECT id, name FROM shop_tag") == [(9, "red")]
    (kept,) = bench.kept
    assert kept.state == "kept"
    assert bench.sql(f"SELECT id, name FROM {kept.name}") == [(1, "red")]
    assert bench.notices[-1].startswith(
        f"What was kept of table shop_tag could not be put back and stays in {kept.name} until "
    )
