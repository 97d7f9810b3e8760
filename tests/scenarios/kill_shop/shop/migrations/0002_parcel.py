"""Atomic, with SQL that Django defers to the end: foreign keys, indexes, a table between two others."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial"), ("stock", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "Parcel",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order", models.ForeignKey("shop.Order", on_delete=models.CASCADE)),
                ("code", models.CharField(max_length=20, db_index=True)),
                ("weight", models.IntegerField()),
                ("items", models.ManyToManyField("stock.Item", related_name="+")),
            ],
            options={"unique_together": {("order", "code")}},
        ),
        migrations.AddField("order", "parcel_count", models.IntegerField(default=0)),
        migrations.AddField(
            "order",
            "referrer",
            models.ForeignKey(
                "shop.Customer", django.db.models.deletion.SET_NULL, null=True, related_name="+"
            ),
        ),
    ]
