"""Orders from basket to parcel, and the money for them."""

from __future__ import annotations

from catalogue.models import Product
from customers.models import Address, Customer
from django.db import models
from django.utils import timezone


class Order(models.Model):
    """What one customer bought at one time."""

    class Status(models.TextChoices):
        NEW = "new"
        PAID = "paid"
        SHIPPED = "shipped"
        CANCELLED = "cancelled"

    class Channel(models.TextChoices):
        WEB = "web"
        PHONE = "phone"
        SHOP = "shop"

    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    shipping_address = models.ForeignKey(
        Address, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.NEW)
    channel = models.CharField(
        max_length=10, choices=Channel, default=Channel.WEB, db_default=Channel.WEB
    )
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    placed_at = models.DateTimeField(default=timezone.now)
    shipped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-placed_at"]
        indexes = [models.Index(fields=["status", "placed_at"], name="orders_order_queue_idx")]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One product in an order, at the price of that day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="order_lines")
    quantity = models.PositiveSmallIntegerField(default=1)
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "product"], name="orders_orderline_product_once"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="orders_orderline_quantity_positive"
            ),
        ]
        indexes = [models.Index(fields=["product", "quantity"], name="orders_orderline_sold_idx")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"


class Payment(models.Model):
    """Money that came in, or was promised, for an order."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="payments")
    provider = models.CharField(max_length=30)
    reference = models.CharField(max_length=64, unique=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    paid_at = models.DateTimeField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gte=0), name="orders_payment_amount_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.reference
