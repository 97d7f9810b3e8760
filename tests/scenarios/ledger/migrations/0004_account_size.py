from __future__ import annotations

from django.db import migrations, models

from tests.scenarios.ledger import faults


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("ledger", "0003_account_colour")]
    operations = [
        migrations.AddField("account", "size", models.IntegerField(null=True)),
        migrations.RunPython(faults.run("size"), migrations.RunPython.noop),
    ]
