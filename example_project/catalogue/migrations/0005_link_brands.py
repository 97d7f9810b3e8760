"""Copy: make a brand of each manufacturer's name, one statement per brand."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def link_brands(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    brands = apps.get_model("catalogue", "Brand").objects.using(alias)
    products = apps.get_model("catalogue", "Product").objects.using(alias)
    names = (
        products.exclude(manufacturer="")
        .order_by()
        .values_list("manufacturer", flat=True)
        .distinct()
    )
    for name in names.iterator():
        brand, _ = brands.get_or_create(name=name)
        products.filter(manufacturer=name, brand=None).update(brand=brand)


def write_manufacturers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    products = apps.get_model("catalogue", "Product").objects.using(alias)
    for brand in apps.get_model("catalogue", "Brand").objects.using(alias).iterator():
        products.filter(brand=brand).update(manufacturer=brand.name)


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0004_brand")]

    operations = [
        migrations.RunPython(link_brands, write_manufacturers),
    ]
