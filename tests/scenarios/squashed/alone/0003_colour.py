from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("squashed", "0001_squashed_0002_weight")]
    operations = [
        migrations.AddField("parcel", "colour", models.CharField(max_length=20, null=True)),
    ]
