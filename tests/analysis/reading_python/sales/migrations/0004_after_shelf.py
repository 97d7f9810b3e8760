from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sales", "0003_after_stock"), ("stock", "0002_shelf")]
