"""The scenario `big_shop` with 100,000 rows, and three migrations pending."""

from __future__ import annotations

import datetime
import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

from tests.projects import Project, migration

ROWS = {"shop_customer": 10_000, "shop_product": 5_000, "shop_order": 25_000, "shop_line": 60_000}
DATA, INDEX, DESTRUCTIVE = (
    "0002_fill_order_total",
    "0003_order_placed_idx",
    "0004_remove_customer_old_number",
)
PENDING = [("shop", name) for name in (DATA, INDEX, DESTRUCTIVE)]
#: A piece of the rows' values, by which a test finds them where they do not belong.
VALUE = "value-of-a-row"

#: What `makemigrations` is followed by on PostgreSQL, where a plain AddIndex blocks writes and so stops the run.
CONCURRENT_INDEX = migration(
    "AddIndexConcurrently('order', models.Index(fields=['placed_at'], name='shop_order_placed_idx')),",
    dependencies=[("shop", DATA)],
    imports="from django.contrib.postgres.operations import AddIndexConcurrently",
    atomic=False,
)


def install(project: Project) -> None:
    """Bring the project to its first migration, fill the tables, and add the three migrations to come."""
    project.copy_scenario("big_shop")
    for label, name in PENDING:
        project.delete_migration(label, name)
    project.manage("migrate", "--noinput")
    fill(project)
    project.copy_scenario("big_shop")
    if project.server.vendor == "postgresql":
        project.write_app("shop", migrations={INDEX: CONCURRENT_INDEX})


def fill(project: Project) -> None:
    """Insert the rows, the same every time; the database numbers them from 1."""
    chance = random.Random(100_000)  # noqa: S311 - the same rows every time are the point
    rows = {
        "shop_customer": (
            "name, email, born, preferences, avatar, old_number",
            _customers(chance),
        ),
        "shop_product": ("code, description, price, is_sold", _products(chance)),
        "shop_order": ("customer_id, placed_at, total", _orders(chance)),
        "shop_line": ("order_id, product_id, quantity, price", _lines(chance)),
    }
    with project.connection() as connection, connection.cursor() as cursor:
        connection.set_autocommit(False)
        for table, (columns, values) in rows.items():
            marks = ", ".join(["%s"] * (columns.count(",") + 1))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(values))
        connection.commit()


def _customers(chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for number in _numbers("shop_customer"):
        name = chance.choice(
            ["Zoë O'Hara", "李雷", 'back\\slash "and" quotes', "🦊 & Söhne", "%s %%"]
        )
        born = datetime.date(1950, 1, 1) + datetime.timedelta(days=chance.randrange(20_000))
        avatar = chance.randbytes(24) if number % 3 else None
        yield (
            f"{name} {VALUE}",
            f"{VALUE}-{number}@example.com",
            born.isoformat() if number % 7 else None,
            json.dumps({"colour": "grün\n", "numbers": [number, None, 1.5]}),
            avatar,
            f"{VALUE} {number:06}" if number % 10 else None,
        )


def _products(chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for number in _numbers("shop_product"):
        code = uuid.UUID(int=chance.getrandbits(128), version=4)
        description = chance.choice(
            ["", "Two\nlines\tand a tab", f"{VALUE} 'quoted'; -- no comment"]
        )
        yield code.hex, description, _price(chance), bool(number % 4)


def _orders(chance: random.Random) -> Iterator[tuple[Any, ...]]:
    start = datetime.datetime(2020, 2, 29, 23, 59, 59, 999999)  # noqa: DTZ001 - written as text
    for _ in _numbers("shop_order"):
        placed = start + datetime.timedelta(seconds=chance.randrange(100_000_000))
        yield chance.randint(1, ROWS["shop_customer"]), placed.isoformat(" "), None


def _lines(chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for _ in _numbers("shop_line"):
        order = chance.randint(1, ROWS["shop_order"])
        product = chance.randint(1, ROWS["shop_product"])
        yield order, product, chance.randint(1, 9), _price(chance)


def _numbers(table: str) -> range:
    return range(1, ROWS[table] + 1)


def _price(chance: random.Random) -> str:
    return f"{chance.randrange(100_000)}.{chance.randrange(100):02}"
