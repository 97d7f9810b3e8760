from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("authors", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "Book",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("author", models.ForeignKey("authors.Author", on_delete=models.CASCADE)),
                ("title", models.CharField(max_length=50)),
            ],
        ),
    ]
