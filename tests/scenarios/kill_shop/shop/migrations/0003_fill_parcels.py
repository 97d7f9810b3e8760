"""Data in batches, in the transaction of the migration."""

from __future__ import annotations

from django.db import migrations

BATCH = 25


def fill(apps, schema_editor):
    Order, Parcel = apps.get_model("shop", "Order"), apps.get_model("shop", "Parcel")
    alias = schema_editor.connection.alias
    orders = list(Order.objects.using(alias).order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(orders), BATCH):
        batch = orders[first : first + BATCH]
        Parcel.objects.using(alias).bulk_create(
            [Parcel(pk=pk, order_id=pk, code=f"P{pk}", weight=pk % 7) for pk in batch]
        )
        Order.objects.using(alias).filter(pk__in=batch).update(parcel_count=1)


def empty(apps, schema_editor):
    Order, Parcel = apps.get_model("shop", "Order"), apps.get_model("shop", "Parcel")
    alias = schema_editor.connection.alias
    Parcel.objects.using(alias).all().delete()
    Order.objects.using(alias).update(parcel_count=0)


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_parcel")]
    operations = [migrations.RunPython(fill, empty, elidable=False)]
