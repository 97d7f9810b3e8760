"""The database before the run: the first migrations, and rows that may not be lost."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connections

BEFORE = (("django_safe_migrate",), ("contenttypes",), ("shop", "0001"), ("stock", "0001"))
CUSTOMERS, ORDERS, ITEMS, SHELVES = 10, 60, 50, 5


def prepare() -> None:
    """Migrate as far as the plan to come begins, with Django's own command, and write the rows."""
    for target in BEFORE:
        call_command("migrate", *target, verbosity=0)
    with connections["default"].cursor() as cursor:
        cursor.executemany(
            "INSERT INTO shop_customer (id, name) VALUES (%s, %s)",
            [(number, f"Customer {number}") for number in range(1, CUSTOMERS + 1)],
        )
        cursor.executemany(
            "INSERT INTO shop_order (id, number, customer_id, status, total) VALUES (%s, %s, %s, %s, %s)",
            [
                (one, f"N{one}", one % CUSTOMERS + 1, ("new", "paid")[one % 2], one * 10)
                for one in range(1, ORDERS + 1)
            ],
        )
        cursor.executemany(
            "INSERT INTO stock_item (id, code, label) VALUES (%s, %s, %s)",
            [(one, f"I{one}", f"Item {one}") for one in range(1, ITEMS + 1)],
        )
        cursor.executemany(
            "INSERT INTO stock_shelf (id, name) VALUES (%s, %s)",
            [(one, f"Shelf {one}") for one in range(1, SHELVES + 1)],
        )
    connections.close_all()
