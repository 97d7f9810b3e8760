"""Copy: add up the lines of each order, a few thousand orders per statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import DecimalField, F, Max, Min, OuterRef, Subquery, Sum

BATCH = 5000


def fill_totals(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    lines = (
        apps.get_model("orders", "OrderLine")
        .objects.using(alias)
        .filter(order=OuterRef("pk"))
        .order_by()
    )
    added_up = lines.values("order").annotate(
        total=Sum(
            F("quantity") * F("unit_price"),
            output_field=DecimalField(max_digits=12, decimal_places=2),
        )
    )
    for orders in pk_ranges(apps.get_model("orders", "Order").objects.using(alias).order_by()):
        orders.filter(total=None).update(total=Subquery(added_up.values("total")))


def pk_ranges(rows: Any) -> Iterator[Any]:
    """Give the rows in ranges of their primary key, so that each statement locks few of them."""
    bounds = rows.aggregate(first=Min("pk"), last=Max("pk"))
    for start in range(bounds["first"] or 0, (bounds["last"] or -1) + 1, BATCH):
        yield rows.filter(pk__gte=start, pk__lt=start + BATCH)


class Migration(migrations.Migration):
    dependencies = [("orders", "0004_order_total")]

    operations = [
        migrations.RunPython(fill_totals, migrations.RunPython.noop),
    ]
