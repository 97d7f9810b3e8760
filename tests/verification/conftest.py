"""A small shop to migrate and to break, on each vendor in turn."""

from __future__ import annotations

import pytest
from django.db import migrations, models
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.verification.scene import Scene, pk


@pytest.fixture
def empty(connection: BaseDatabaseWrapper) -> Scene:
    """A database without apps."""
    return Scene(connection)


@pytest.fixture
def scene(empty: Scene) -> Scene:
    """A database with customers, orders of theirs, and tags of orders."""
    customer = migrations.CreateModel(
        "Customer", [("id", pk()), ("name", models.CharField(max_length=50))]
    )
    order = migrations.CreateModel(
        "Order",
        [
            ("id", pk()),
            ("customer", models.ForeignKey("shop.Customer", models.CASCADE)),
            ("total", models.IntegerField(default=0)),
            ("note", models.TextField(null=True)),
        ],
    )
    tag = migrations.CreateModel(
        "Tag", [("id", pk()), ("orders", models.ManyToManyField("shop.Order"))]
    )
    empty.migrate(empty.migration("shop.0001", [customer, order, tag]))
    empty.sql(
        "INSERT INTO shop_customer (id, name) VALUES (1, 'Ada'), (2, 'Bo')",
        "INSERT INTO shop_order (id, customer_id, total) VALUES (1, 1, 5), (2, 1, 6), (3, 2, 7)",
        "INSERT INTO shop_tag (id) VALUES (1)",
        "INSERT INTO shop_tag_orders (tag_id, order_id) VALUES (1, 1), (1, 2)",
    )
    return empty
