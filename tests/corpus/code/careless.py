"""Data migrations that a careful reviewer would not let pass."""

from __future__ import annotations

import urllib.request
from typing import Any

from django.contrib.auth.models import Group


def save_every_order(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.using(schema_editor.connection.alias).all():
        order.title = order.title.strip()
        order.save()


def save_every_order_of_an_iterator(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.using(schema_editor.connection.alias).iterator():
        order.title = order.title.strip()
        order.save(update_fields=["title"])


def hold_all_orders(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    orders = list(Order.objects.using(schema_editor.connection.alias).all())
    Order.objects.using(schema_editor.connection.alias).bulk_update(
        orders, ["title"], batch_size=500
    )


def update_all_orders(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    Order.objects.using(schema_editor.connection.alias).update(state=1)


def delete_all_events(apps: Any, schema_editor: Any) -> None:
    Event = apps.get_model("shop", "Event")
    Event.objects.using(schema_editor.connection.alias).all().delete()


def _clear(model: Any, alias: str) -> None:
    model.objects.using(alias).all().delete()


def delete_all_events_by_a_function(apps: Any, schema_editor: Any) -> None:
    _clear(apps.get_model("shop", "Event"), schema_editor.connection.alias)


def create_an_event_per_customer(apps: Any, schema_editor: Any) -> None:
    Customer = apps.get_model("shop", "Customer")
    Event = apps.get_model("shop", "Event")
    alias = schema_editor.connection.alias
    keys = Customer.objects.using(alias).values_list("pk", flat=True).iterator()
    made = [Event(kind="greeting", at="2024-01-01T00:00Z", payload={"to": key}) for key in keys]
    Event.objects.using(alias).bulk_create(made)


def update_in_bulk_at_once(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    objects = Order.objects.using(schema_editor.connection.alias)
    orders = []
    for order in objects.filter(state=0).iterator():
        order.state = 1
        orders.append(order)
    objects.bulk_update(orders, ["state"])


def ask_the_network(apps: Any, schema_editor: Any) -> None:
    Tag = apps.get_model("shop", "Tag")
    with urllib.request.urlopen("https://example.com/label") as answer:
        label = answer.read().decode()
    Tag.objects.using(schema_editor.connection.alias).filter(pk=1).update(label=label)


def use_the_real_model(apps: Any, schema_editor: Any) -> None:
    Group.objects.using(schema_editor.connection.alias).get_or_create(name="Packers")


def drop_lines_by_sql(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DROP TABLE shop_line")


def update_by_cursor(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("UPDATE shop_order SET state = 1")


def insert_an_order(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    Order.objects.using(schema_editor.connection.alias).create(
        number=1, title="first", code="A1", total=0, customer_id=1, created="2024-01-01T00:00Z"
    )


def copy_names_by_text(apps: Any, schema_editor: Any) -> None:
    Customer = apps.get_model("shop", "Customer")
    for customer in Customer.objects.using(schema_editor.connection.alias).filter(level=7):
        schema_editor.execute(f"UPDATE shop_tag SET label = '{customer.name}' WHERE id = 1")


def with_other_names(models: Any, editor: Any) -> None:
    Tag = models.get_model("shop", "Tag")
    Tag.objects.using(editor.connection.alias).get_or_create(label="new")


def write_to_the_default_database(apps: Any, schema_editor: Any) -> None:
    Tag = apps.get_model("shop", "Tag")
    Tag.objects.get_or_create(label="new")


def read_a_field_that_is_gone(apps: Any, schema_editor: Any) -> None:
    Order = apps.get_model("shop", "Order")
    orders = Order.objects.using(schema_editor.connection.alias)
    orders.filter(pk=4711, remark="").update(state=2)


def fill_colours_of_a_branch(apps: Any, schema_editor: Any) -> None:
    Colour = apps.get_model("shop", "Colour")
    Colour.objects.using(schema_editor.connection.alias).get_or_create(name="red")
