"""Write the names of payment providers one way.

Which spelling a payment had before is not kept anywhere, and so there is no way back.
"""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SPELLINGS = {"PayPal": "paypal", "Pay Pal": "paypal", "Credit card": "card", "CARD": "card"}


def tidy_providers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    payments = apps.get_model("orders", "Payment").objects.using(schema_editor.connection.alias)
    for spelling, provider in SPELLINGS.items():
        payments.filter(provider=spelling).update(provider=provider)


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_order_queue_idx")]

    operations = [
        migrations.RunPython(tidy_providers),
    ]
