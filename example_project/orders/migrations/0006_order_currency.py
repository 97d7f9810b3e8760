"""Sell in more than one currency; orders before this were all in euros."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0005_fill_order_total")]

    operations = [
        migrations.AddField(
            model_name="order", name="currency", field=models.CharField(max_length=3, null=True)
        ),
    ]
