from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stock", "0001_initial")]
    operations = [
        migrations.CreateModel("Place", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RenameModel("Place", "Shelf"),
    ]
