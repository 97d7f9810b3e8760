"""Show a category's products in order without sorting them all."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0006_remove_product_manufacturer")]

    operations = [
        migrations.AddIndex(
            model_name="product",
            index=models.Index(fields=["category", "name"], name="catalogue_product_shelf_idx"),
        ),
    ]
