from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            "Customer",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
            ],
        ),
        migrations.CreateModel(
            "Order",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20)),
                ("customer", models.ForeignKey("shop.Customer", on_delete=models.CASCADE)),
                ("status", models.CharField(max_length=10)),
                ("total", models.IntegerField(default=0)),
            ],
            options={"indexes": [models.Index(fields=["number"], name="shop_order_number_idx")]},
        ),
    ]
