from __future__ import annotations

from django.db import migrations, models

from tests.scenarios.ledger import faults


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.AddField("account", "note", models.CharField(max_length=50, null=True)),
        migrations.RunPython(faults.run("note"), migrations.RunPython.noop),
    ]
