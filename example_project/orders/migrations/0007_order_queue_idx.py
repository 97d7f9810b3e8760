"""List the orders that wait to be sent, oldest first, without reading all of them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_order_currency")]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["status", "placed_at"], name="orders_order_queue_idx"),
        ),
    ]
