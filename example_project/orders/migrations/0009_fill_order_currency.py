"""Say of the orders without a currency that they are in euros, a few thousand per statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Max, Min

BATCH = 5000


def fill_currencies(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    for orders in pk_ranges(apps.get_model("orders", "Order").objects.using(alias).order_by()):
        orders.filter(currency=None).update(currency="EUR")


def pk_ranges(rows: Any) -> Iterator[Any]:
    """Give the rows in ranges of their primary key, so that each statement locks few of them."""
    bounds = rows.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range(bounds["first"] or 0, (bounds["last"] or -1) + 1, BATCH):
        yield rows.filter(pk__gte=start, pk__lt=start + BATCH)


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_tidy_payment_providers")]

    operations = [
        migrations.RunPython(fill_currencies, migrations.RunPython.noop),
    ]
