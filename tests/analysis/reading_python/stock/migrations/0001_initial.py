from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Item", [("id", models.BigAutoField(primary_key=True))]),
    ]
