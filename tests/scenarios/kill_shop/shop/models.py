from __future__ import annotations

from django.db import models
from django.db.models import Q


class Customer(models.Model):
    full_name = models.CharField(max_length=100)


class Order(models.Model):
    number = models.CharField(max_length=40)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    status = models.CharField(max_length=10)
    total = models.IntegerField(default=0)
    parcel_count = models.IntegerField(default=0)
    referrer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True, related_name="+")
    note = models.CharField(max_length=50, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["status"], name="shop_order_status_idx"),
            models.Index(fields=["total"], name="shop_order_total_idx"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=0), name="shop_order_total_check"),
            models.UniqueConstraint(fields=["number"], name="shop_order_number_uniq"),
        ]


class Parcel(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    code = models.CharField(max_length=20, db_index=True)
    weight = models.IntegerField()
    items = models.ManyToManyField("stock.Item", related_name="+")

    class Meta:
        unique_together = [("order", "code")]
        indexes = [models.Index(fields=["weight", "code"], name="shop_parcel_weight_idx")]
