from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("squashed", "0001_squashed_0003_colour")]
    operations = [
        migrations.AddField("parcel", "size", models.IntegerField(null=True)),
    ]
