"""A column and its data, each batch in a transaction of its own: it can be run again after any of them."""

from __future__ import annotations

from django.db import migrations, models, transaction

BATCH = 20


def fill(apps, schema_editor):
    Item = apps.get_model("stock", "Item")
    alias = schema_editor.connection.alias
    untagged = Item.objects.using(alias).filter(tag=None).order_by("pk")
    while batch := list(untagged[:BATCH]):
        with transaction.atomic(using=alias):
            for item in batch:
                item.tag = f"tag {item.code}"
            Item.objects.using(alias).bulk_update(batch, ["tag"])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("stock", "0001_initial"), ("shop", "0003_fill_parcels")]
    operations = [
        migrations.AddField("item", "tag", models.CharField(max_length=20, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
        migrations.AddField("item", "rack", models.CharField(max_length=10, default="A1")),
    ]
