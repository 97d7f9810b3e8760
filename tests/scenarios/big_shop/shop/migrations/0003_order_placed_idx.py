from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_fill_order_total")]
    operations = [
        migrations.AddIndex("order", models.Index(fields=["placed_at"], name="shop_order_placed_idx")),
    ]
