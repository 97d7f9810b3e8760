"""Several operations without a transaction; on PostgreSQL the indexes are built concurrently."""

from __future__ import annotations

from django.db import connection, migrations, models

if connection.vendor == "postgresql":
    from django.contrib.postgres.operations import (
        AddIndexConcurrently as AddIndex,
    )
    from django.contrib.postgres.operations import (
        RemoveIndexConcurrently as RemoveIndex,
    )
else:
    from django.db.migrations import AddIndex, RemoveIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shop", "0003_fill_parcels")]
    operations = [
        AddIndex("order", models.Index(fields=["status"], name="shop_order_status_idx")),
        RemoveIndex("order", "shop_order_number_idx"),
        migrations.AddField("order", "note", models.CharField(max_length=50, null=True)),
        AddIndex("parcel", models.Index(fields=["weight", "code"], name="shop_parcel_weight_idx")),
    ]
