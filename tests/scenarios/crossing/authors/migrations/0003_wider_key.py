from __future__ import annotations

from django.db import migrations, models

from tests.scenarios.ledger import faults


class Migration(migrations.Migration):
    dependencies = [("authors", "0002_country")]
    operations = [
        migrations.RunPython(faults.run("before wider key"), migrations.RunPython.noop),
        migrations.AlterField("author", "id", models.BigAutoField(primary_key=True)),
    ]
