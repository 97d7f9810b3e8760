from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("squashed", "0001_initial")]
    operations = [
        migrations.AddField("parcel", "weight", models.IntegerField(null=True)),
    ]
