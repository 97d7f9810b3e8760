"""Constraints, a wider column (a new table on SQLite) and a new name."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("shop", "0005_statements"), ("stock", "0002_tags")]
    operations = [
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(condition=Q(total__gte=0), name="shop_order_total_check"),
        ),
        migrations.AlterField("order", "number", models.CharField(max_length=40)),
        migrations.AddConstraint(
            "order", models.UniqueConstraint(fields=["number"], name="shop_order_number_uniq")
        ),
        migrations.RenameField("customer", "name", "full_name"),
    ]
