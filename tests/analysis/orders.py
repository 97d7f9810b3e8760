"""Rows for the shop, made by the server itself."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper


def add_orders(connection: BaseDatabaseWrapper, count: int, note: str = "'x'") -> None:
    """Add so many orders of one customer; ``note`` is an expression of SQL."""
    numbers = {
        "postgresql": f"SELECT n FROM generate_series(1, {count}) n",
        "mysql": f"SELECT seq n FROM seq_1_to_{count}",
        "sqlite": f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s LIMIT {count}) SELECT n FROM s",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop_customer (name) VALUES ('somebody')")
        cursor.execute("SELECT id FROM shop_customer")
        (customer,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO shop_order (number, state, note, title, order_code, total, customer_id) "
            f"SELECT n, 0, {note}, 'a title of some length', 'code', 1, {customer} FROM ({numbers}) numbers"
        )
        if connection.vendor == "mysql":
            cursor.execute("ANALYZE TABLE shop_order")
            cursor.fetchall()
