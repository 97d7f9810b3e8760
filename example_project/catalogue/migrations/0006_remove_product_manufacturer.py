"""Contract: nothing reads the manufacturer's name any more, since each product has its brand."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0005_link_brands")]

    operations = [
        migrations.RemoveField(model_name="product", name="manufacturer"),
    ]
