"""Contract: drop the full name, which every customer has filled in.

The data is gone for good with the column, and the code of the release before still writes it.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_customer_wants_newsletter")]

    operations = [
        migrations.RemoveField(model_name="customer", name="full_name"),
    ]
