"""Take products off the shelf without deleting them; the database fills the column, so older code keeps inserting."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_product_weight_grams")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
