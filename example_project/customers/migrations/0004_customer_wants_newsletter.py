"""Ask before sending the newsletter: nobody has agreed yet."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_split_full_name")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="wants_newsletter",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
