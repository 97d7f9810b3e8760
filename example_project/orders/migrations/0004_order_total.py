"""Expand: keep an order's total with the order."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_order_channel")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="total",
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True),
        ),
    ]
