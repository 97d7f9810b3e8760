"""Scan products at the till; products without a barcode stay as they are."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0007_product_shelf_idx")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="barcode",
            field=models.CharField(blank=True, db_default="", default="", max_length=14),
        ),
    ]
