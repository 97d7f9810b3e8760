"""Fill the shop with made-up rows: the same ones for the same seed, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from catalogue.factories import BRANDS, CATEGORIES, TAGS, ProductFactory, ProductTagFactory
from customers.factories import AddressFactory, CustomerFactory
from django.apps.registry import Apps
from django.db import transaction
from factory import Factory
from factory.random import randgen, reseed_random
from orders.factories import OrderFactory, PaymentFactory
from reviews.factories import ReviewFactory

from storefront.tables import BATCH, Table, apps_as_migrated, move_sequences_past, open_tables

TABLES = [
    "catalogue.Product",
    "catalogue.ProductTag",
    "customers.Customer",
    "customers.Address",
    "orders.Order",
    "orders.OrderLine",
    "orders.Payment",
    "reviews.Review",
]
MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Range:
    """A run of primary keys that are being written."""

    first: int
    count: int

    def batches(self) -> Iterator[range]:
        stop = self.first + self.count
        for start in range(self.first, stop, BATCH):
            yield range(start, min(start + BATCH, stop))


def seed_shop(orders: int, seed: int, alias: str) -> dict[str, int]:
    """Add that many orders, and what a shop with so many has beside them: all of it or, on failure, nothing."""
    reseed_random(seed)
    with transaction.atomic(using=alias):
        apps = apps_as_migrated(alias)
        tables = open_tables(TABLES, apps, alias)
        customers = _add_customers(tables, max(1, orders // 2))
        products = _add_products(tables, apps, alias, min(5000, max(20, orders // 50)))
        _add_orders(tables, orders, customers, products)
        _add_reviews(tables, orders // 4, customers, products)
        move_sequences_past(tables.values(), alias)
    return {label: table.written for label, table in tables.items()}


def _made_up(factory: type[Factory], pk: int, **given: Any) -> Any:
    return factory.stub(__sequence=pk, id=pk, **given)


def _insert(table: Table, rows: list[Any]) -> None:
    table.insert(vars(row) for row in rows)


def _reserve(table: Table, count: int) -> Range:
    reserved = Range(table.next_pk, count)
    table.next_pk += count
    return reserved


def _add_customers(tables: dict[str, Table], count: int) -> Range:
    customers = _reserve(tables["customers.Customer"], count)
    first_address = _reserve(tables["customers.Address"], count).first
    for batch in customers.batches():
        people = [_made_up(CustomerFactory, pk) for pk in batch]
        for person in people:
            person.full_name = f"{person.first_name} {person.last_name}"  # The first release still has this column.
        _insert(tables["customers.Customer"], people)
        homes = [
            _made_up(
                AddressFactory, first_address + pk - customers.first, customer=None, customer_id=pk
            )
            for pk in batch
        ]
        _insert(tables["customers.Address"], homes)
    return customers


def _add_products(tables: dict[str, Table], apps: Apps, alias: str, count: int) -> list[Any]:
    categories = [
        apps.get_model("catalogue.Category")
        .objects.using(alias)
        .get_or_create(slug=name.lower(), defaults={"name": name})[0]
        for name in CATEGORIES
    ]
    brands = _named(apps, alias, "catalogue.Brand", BRANDS)
    tags = _named(apps, alias, "catalogue.Tag", TAGS)
    products = [
        _made_up(
            ProductFactory,
            pk,
            category=None,
            category_id=randgen.choice(categories).pk,
            brand=None,
            brand_id=randgen.choice(brands),
        )
        for batch in _reserve(tables["catalogue.Product"], count).batches()
        for pk in batch
    ]
    _insert(tables["catalogue.Product"], products)
    _tag_products(tables["catalogue.ProductTag"], products, tags)
    return products


def _named(apps: Apps, alias: str, label: str, names: list[str]) -> list[int]:
    rows = apps.get_model(label).objects.using(alias)
    return [rows.get_or_create(name=name)[0].pk for name in names]


def _tag_products(table: Table, products: list[Any], tags: list[int]) -> None:
    rows = []
    for product in products:
        for position, tag in enumerate(randgen.sample(tags, 2)):
            pk = _reserve(table, 1).first
            rows.append(
                _made_up(
                    ProductTagFactory,
                    pk,
                    product=None,
                    product_id=product.id,
                    tag=None,
                    tag_id=tag,
                    position=position,
                )
            )
    _insert(table, rows)


def _add_orders(
    tables: dict[str, Table], count: int, customers: Range, products: list[Any]
) -> None:
    table = tables["orders.Order"]
    for batch in _reserve(table, count).batches():
        orders = [_order(table, pk, customers) for pk in batch]
        lines = [
            line for order in orders for line in _lines(tables["orders.OrderLine"], order, products)
        ]
        payments = [
            _made_up(
                PaymentFactory,
                _reserve(tables["orders.Payment"], 1).first,
                order=order,
                order_id=order.id,
            )
            for order in orders
        ]
        _insert(table, orders)
        _insert(tables["orders.OrderLine"], lines)
        _insert(tables["orders.Payment"], payments)


def _order(table: Table, pk: int, customers: Range) -> Any:
    order = _made_up(
        OrderFactory,
        pk,
        customer=None,
        customer_id=customers.first + randgen.randrange(customers.count),
    )
    if table.accepts_null("currency") and order.currency == "EUR" and randgen.random() < 0.5:
        order.currency = None  # Taken before the shop had a second currency.
    return order


def _lines(table: Table, order: Any, products: list[Any]) -> list[Any]:
    chosen = randgen.sample(products, randgen.randint(1, MOST_LINES))
    # Not by their factory: these are half of all rows, and have nothing in them that needs making up.
    lines = [
        SimpleNamespace(
            id=pk,
            order_id=order.id,
            product_id=product.id,
            quantity=randgen.randint(1, 5),
            unit_price=product.price,
        )
        for pk, product in enumerate(chosen, _reserve(table, len(chosen)).first)
    ]
    order.total = sum(line.quantity * line.unit_price for line in lines)
    return lines


def _add_reviews(
    tables: dict[str, Table], count: int, customers: Range, products: list[Any]
) -> None:
    table = tables["reviews.Review"]
    written = _reserve(table, count)
    for batch in written.batches():
        reviews = [
            # Each of these customers reviews one product, so no pair comes up twice.
            _made_up(
                ReviewFactory,
                pk,
                customer=None,
                customer_id=customers.first + pk - written.first,
                product=None,
                product_id=randgen.choice(products).id,
            )
            for pk in batch
        ]
        for review in reviews:
            review.body = review.text  # The first release has the text under this name.
        _insert(table, reviews)
