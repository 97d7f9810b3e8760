"""What a narrower type did away with comes back, but not over what was written since."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import migrations, models

from tests.preservation.bench import Bench, identity, migration

pytestmark = pytest.mark.vendors("postgresql", "mariadb")

INITIAL = migration(
    "0001_initial",
    migrations.CreateModel(
        "Item",
        [identity(), ("price", models.DecimalField(max_digits=12, decimal_places=4, null=True))],
    ),
)
NARROWER = migration(
    "0002_price",
    migrations.AlterField(
        "item", "price", models.DecimalField(max_digits=10, decimal_places=2, null=True)
    ),
)


def prices(bench: Bench) -> list[tuple[int, Decimal | None]]:
    return bench.sql("SELECT id, price FROM shop_item ORDER BY id")


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.forwards(INITIAL)
    bench.sql(
        "INSERT INTO shop_item (id, price) VALUES (1, 1.2345), (2, 2.5), (3, 3.9999), (4, NULL), (5, 5.5555)"
    )
    return bench


def test_digits_come_back_unless_the_value_was_changed(shop: Bench) -> None:
    shop.forwards(NARROWER)
    assert prices(shop)[0] == (1, Decimal("1.23"))
    shop.sql("UPDATE shop_item SET price = 9.99 WHERE id = 3")
    shop.sql("UPDATE shop_item SET price = 4 WHERE id = 4")
    shop.sql("DELETE FROM shop_item WHERE id = 5")
    shop.sql("INSERT INTO shop_item (id, price) VALUES (6, 6.66)")
    shop.backwards(NARROWER)
    assert prices(shop) == [
        (1, Decimal("1.2345")),
        (2, Decimal("2.5000")),
        (3, Decimal("9.9900")),
        (4, Decimal("4.0000")),
        (6, Decimal("6.6600")),
    ]
    (kept,) = shop.kept
    assert shop.notices == [
        "Put back 2 rows of column price of shop_item; 1 row is gone; 2 rows were left as they are, since they were written meanwhile "
        "or what they refer to is gone; 1 row was added since and has no kept value. "
        f"The copy stays in {kept.name} until {kept.keep_until[:10]}."
    ]
