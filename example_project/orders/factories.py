"""Make up orders, for tests and for the `seed` command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import factory
from catalogue.factories import ProductFactory
from customers.factories import CustomerFactory
from factory.fuzzy import FuzzyChoice, FuzzyDateTime, FuzzyInteger

from orders.models import Order, OrderLine, Payment

Status = Order.Status
# What real shops find in such a column after a few years.
PROVIDERS = ["card", "CARD", "Credit card", "paypal", "PayPal", "Pay Pal", "invoice"]


class OrderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Order
        skip_postgeneration_save = True

    number = factory.Sequence(lambda number: f"S{number:08d}")
    customer = factory.SubFactory(CustomerFactory)
    status = FuzzyChoice(
        [Status.SHIPPED, Status.SHIPPED, Status.SHIPPED, Status.PAID, Status.NEW, Status.CANCELLED]
    )
    channel = FuzzyChoice(
        [Order.Channel.WEB, Order.Channel.WEB, Order.Channel.PHONE, Order.Channel.SHOP]
    )
    currency = FuzzyChoice(["EUR", "EUR", "EUR", "GBP", "CHF"])
    placed_at = FuzzyDateTime(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    shipped_at = factory.LazyAttribute(
        lambda order: (
            order.placed_at + timedelta(days=2) if order.status == Status.SHIPPED else None
        )
    )


class OrderLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderLine
        skip_postgeneration_save = True

    order = factory.SubFactory(OrderFactory)
    product = factory.SubFactory(ProductFactory)
    quantity = FuzzyInteger(1, 5)
    unit_price = factory.SelfAttribute("product.price")


class PaymentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Payment
        skip_postgeneration_save = True

    order = factory.SubFactory(OrderFactory)
    provider = FuzzyChoice(PROVIDERS)
    reference = factory.Sequence(lambda number: f"PAY-{number:08d}")
    amount = factory.LazyAttribute(lambda payment: payment.order.total or 0)
    paid_at = factory.LazyAttribute(lambda payment: payment.order.placed_at + timedelta(hours=1))
    details = factory.LazyAttribute(lambda payment: {"reference": payment.reference})
