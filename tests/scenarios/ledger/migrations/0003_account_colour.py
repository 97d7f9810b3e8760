from __future__ import annotations

from django.db import migrations, models

from tests.scenarios.ledger import faults


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_account_note")]
    operations = [
        migrations.AddField("account", "colour", models.CharField(max_length=20, null=True)),
        migrations.RunPython(faults.run("colour"), migrations.RunPython.noop),
    ]
