from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_order_placed_idx")]
    operations = [migrations.RemoveField("customer", "old_number")]
