from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("squashed", "0001_squashed_0002_weight"), ("squashed", "0003_colour")]
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Parcel",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=50)),
            ],
        ),
        migrations.AddField("parcel", "weight", models.IntegerField(null=True)),
        migrations.AddField("parcel", "colour", models.CharField(max_length=20, null=True)),
    ]
