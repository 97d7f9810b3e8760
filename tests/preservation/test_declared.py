"""What a migration declares that its code changes comes back when it is reversed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import migrations, models

from django_safe_migrate.exceptions import SafeMigrateError
from tests.preservation.bench import Bench, identity, migration

INITIAL = migration(
    "0001_initial",
    migrations.CreateModel(
        "Item", [identity(), ("note", models.CharField(max_length=50, null=True))]
    ),
)


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.forwards(INITIAL)
    bench.sql(
        "INSERT INTO shop_item (id, note) VALUES (1, 'one'), (2, 'two'), (3, NULL), (4, 'four'), (5, 'five')"
    )
    return bench


def items(bench: Bench) -> list[tuple[Any, ...]]:
    return bench.sql("SELECT id, note FROM shop_item ORDER BY id")


def test_values_and_rows(shop: Bench) -> None:
    def clean(apps: Any, editor: Any) -> None:
        apps.get_model("shop", "Item").objects.filter(pk__gt=3).delete()

    code = migration(
        "0002_clean",
        migrations.RunSQL("UPDATE shop_item SET note = 'x' WHERE id < 4", migrations.RunSQL.noop),
        migrations.RunPython(clean, migrations.RunPython.noop),
    )
    code.preserves = ["shop.Item.note", "shop.Item"]
    shop.forwards(code)
    assert items(shop) == [(1, "x"), (2, "x"), (3, "x")]
    shop.sql("UPDATE shop_item SET note = 'mine' WHERE id = 2")
    shop.sql("DELETE FROM shop_item WHERE id = 3")
    shop.sql("INSERT INTO shop_item (id, note) VALUES (5, 'new')")
    shop.backwards(code)
    assert items(shop) == [(1, "one"), (2, "mine"), (4, "four"), (5, "new")]


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("names", ["shop.Item", ["shop.Nothing"], ["shop.Item.nothing"], [3]])
def test_what_does_not_exist_is_said_before_the_code_runs(shop: Bench, names: Any) -> None:
    code = migration("0002_clean", migrations.RunSQL("DELETE FROM shop_item"))
    code.preserves = names
    with pytest.raises(SafeMigrateError, match="it must be a list of models such as 'shop.Tag'"):
        shop.forwards(code)
    assert len(items(shop)) == 5
