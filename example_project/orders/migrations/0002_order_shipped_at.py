"""Remember when a parcel left; orders before this do not know."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="order", name="shipped_at", field=models.DateTimeField(blank=True, null=True)
        ),
    ]
