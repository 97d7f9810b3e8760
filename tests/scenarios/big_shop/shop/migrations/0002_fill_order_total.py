from __future__ import annotations

from django.db import migrations
from django.db.models import F, OuterRef, Subquery, Sum

BATCH = 5000


def fill_totals(apps, schema_editor):
    Order, Line = apps.get_model("shop", "Order"), apps.get_model("shop", "Line")
    alias = schema_editor.connection.alias
    total = (
        Line.objects.filter(order=OuterRef("pk"))
        .order_by()
        .values("order")
        .annotate(total=Sum(F("quantity") * F("price")))
        .values("total")
    )
    last = Order.objects.using(alias).order_by("-pk").values_list("pk", flat=True).first() or 0
    for first in range(1, last + 1, BATCH):
        batch = Order.objects.using(alias).filter(pk__range=(first, first + BATCH - 1))
        batch.update(total=Subquery(total))


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(fill_totals, migrations.RunPython.noop)]
