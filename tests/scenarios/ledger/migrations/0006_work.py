from __future__ import annotations

from django.db import migrations

from tests.scenarios.ledger import faults


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("ledger", "0005_account_numbers")]
    operations = [migrations.RunPython(faults.run("work"), migrations.RunPython.noop)]
