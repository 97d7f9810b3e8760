"""Hand-written SQL: rows, then an index that the state knows too."""

from __future__ import annotations

from django.db import connection, migrations, models

DROP = "DROP INDEX shop_order_total_idx" + (
    " ON shop_order" if connection.vendor == "mysql" else ""
)


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_indexes")]
    operations = [
        migrations.RunSQL(
            "UPDATE shop_order SET status = 'begun' WHERE status = 'new'",
            "UPDATE shop_order SET status = 'new' WHERE status = 'begun'",
        ),
        migrations.RunSQL(
            "CREATE INDEX shop_order_total_idx ON shop_order (total)",
            DROP,
            state_operations=[
                migrations.AddIndex(
                    "order", models.Index(fields=["total"], name="shop_order_total_idx")
                )
            ],
        ),
    ]
