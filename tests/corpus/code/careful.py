"""Data migrations that nobody has to be warned of."""

from __future__ import annotations

import time
from typing import Any

BATCH = 1000


def fill_notes_in_batches(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    orders = Order.objects.using(schema_editor.connection.alias).filter(note__isnull=True)
    while keys := list(orders.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        orders.filter(pk__in=keys).update(note="")
        time.sleep(0.1)


def rewrite_titles_in_bulk(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    objects = Order.objects.using(schema_editor.connection.alias)
    batch = []
    for order in objects.only("pk", "title").iterator(chunk_size=BATCH):
        order.title = order.title.strip()
        batch.append(order)
        if len(batch) >= BATCH:
            objects.bulk_update(batch, ["title"], batch_size=BATCH)
            batch = []
    objects.bulk_update(batch, ["title"], batch_size=BATCH)


def add_three_tags(apps: Any, schema_editor: Any) -> None:
    Tag = apps.get_model("shop", "Tag")
    Tag.objects.using(schema_editor.connection.alias).bulk_create(
        [Tag(label="new"), Tag(label="sale"), Tag(label="gift")]
    )


def remove_three_tags(apps: Any, schema_editor: Any) -> None:
    Tag = apps.get_model("shop", "Tag")
    tags = Tag.objects.using(schema_editor.connection.alias)
    tags.filter(label__in=["new", "sale", "gift"]).delete()


def ensure_tags(apps: Any, schema_editor: Any) -> None:
    Tag = apps.get_model("shop", "Tag")
    tags = Tag.objects.using(schema_editor.connection.alias)
    for label in ("new", "sale", "gift"):
        tags.get_or_create(label=label)


def correct_one_order(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    order = Order.objects.using(schema_editor.connection.alias).filter(pk=4711).first()
    if order is not None:
        order.state = 3
        order.save(update_fields=["state"])


def fill_colours(apps: Any, schema_editor: Any) -> None:
    Colour = apps.get_model("shop", "Colour")
    Colour.objects.using(schema_editor.connection.alias).bulk_create(
        [Colour(name="red"), Colour(name="blue")]
    )


def mark_invoice_paid(apps: Any, schema_editor: Any) -> None:
    Invoice = apps.get_model("billing", "Invoice")
    Invoice.objects.using(schema_editor.connection.alias).filter(pk=4711).update(paid=True)


def create_with_batch_size(apps: Any, schema_editor: Any) -> None:
    Customer = apps.get_model("shop", "Customer")
    Event = apps.get_model("shop", "Event")
    alias = schema_editor.connection.alias
    customers = Customer.objects.using(alias).values_list("pk", flat=True).iterator()
    made = (
        Event(kind="greeting", at="2024-01-01T00:00Z", payload={"to": key}) for key in customers
    )
    Event.objects.using(alias).bulk_create(made, batch_size=BATCH)


def mark_receipt_sent(apps: Any, schema_editor: Any) -> None:
    Receipt = apps.get_model("billing", "Receipt")
    Receipt.objects.using(schema_editor.connection.alias).filter(pk=4711).update(sent=True)


def copy_one_name(apps: Any, schema_editor: Any) -> None:
    Customer = apps.get_model("shop", "Customer")
    customer = Customer.objects.using(schema_editor.connection.alias).filter(pk=4711).first()
    if customer is not None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("UPDATE shop_tag SET label = %s WHERE id = 1", [customer.name])


def tidy_elsewhere(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor not in ("postgresql", "mysql", "sqlite"):
        schema_editor.execute("DROP TABLE shop_line")
