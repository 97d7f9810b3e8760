from __future__ import annotations

from django.db import migrations

from tests.scenarios.ledger import faults


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_work")]
    operations = [migrations.RunPython(faults.run("task"), migrations.RunPython.noop)]
