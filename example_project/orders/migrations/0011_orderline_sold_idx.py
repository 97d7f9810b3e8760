"""Count what sells best: an index on the biggest table, built while customers want to order."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_order_currency_required")]

    operations = [
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(fields=["product", "quantity"], name="orders_orderline_sold_idx"),
        ),
    ]
