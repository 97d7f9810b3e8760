"""A table with a new name."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("stock", "0002_tags")]
    operations = [migrations.RenameModel("Shelf", "Place")]
