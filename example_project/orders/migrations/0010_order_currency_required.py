"""Require a currency at once, although the code of the release before may still leave it out."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_fill_order_currency")]

    operations = [
        migrations.AlterField(
            model_name="order", name="currency", field=models.CharField(max_length=3)
        ),
    ]
