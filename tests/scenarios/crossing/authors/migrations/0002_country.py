from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("authors", "0001_initial")]
    operations = [
        migrations.AddField("author", "country", models.CharField(max_length=2, null=True)),
    ]
