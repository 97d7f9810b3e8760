"""Tell orders by telephone from those of the web site, which all of them were until now."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_order_shipped_at")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="channel",
            field=models.CharField(
                choices=[("web", "Web"), ("phone", "Phone"), ("shop", "Shop")],
                db_default="web",
                default="web",
                max_length=10,
            ),
        ),
    ]
