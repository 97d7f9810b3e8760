"""Copy: take each full name apart at its last space, a thousand customers at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BATCH = 1000


def split_full_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    def split(customer: Any) -> None:
        first, _, last = customer.full_name.rpartition(" ")
        customer.first_name, customer.last_name = first[:100], last[:100]

    change_in_batches(apps, schema_editor, split, ["first_name", "last_name"])


def join_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    def join(customer: Any) -> None:
        customer.full_name = f"{customer.first_name} {customer.last_name}".strip()[:200]

    change_in_batches(apps, schema_editor, join, ["full_name"])


def change_in_batches(
    apps: Apps,
    schema_editor: BaseDatabaseSchemaEditor,
    change: Callable[[Any], None],
    fields: list[str],
) -> None:
    customers = (
        apps.get_model("customers", "Customer")
        .objects.using(schema_editor.connection.alias)
        .order_by("pk")
    )
    last = 0
    while batch := list(customers.filter(pk__gt=last)[:BATCH]):
        for customer in batch:
            change(customer)
        customers.bulk_update(batch, fields, batch_size=BATCH)
        last = batch[-1].pk


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_customer_name_parts")]

    operations = [
        migrations.RunPython(split_full_names, join_names),
    ]
