from __future__ import annotations

from django.db import migrations, models

from tests.scenarios.ledger import faults


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_account_size")]
    operations = [
        migrations.AddField("account", "first", models.IntegerField(null=True)),
        migrations.RunPython(faults.run("between"), faults.run("between backwards")),
        migrations.AddField("account", "second", models.IntegerField(null=True)),
        migrations.RunPython(faults.run("numbers"), faults.run("numbers backwards")),
    ]
