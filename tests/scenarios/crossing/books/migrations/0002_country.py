from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("books", "0001_initial"), ("authors", "0002_country")]
    operations = [
        migrations.AddField("book", "country", models.CharField(max_length=2, null=True)),
    ]
