"""The people the shop sends parcels to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Customer(models.Model):
    """Somebody who has ordered, or may."""

    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    last_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    phone = models.CharField(max_length=30, blank=True)
    wants_newsletter = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email


class Address(models.Model):
    """A place of a customer, under a label of the customer's choice."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    label = models.CharField(max_length=40, default="Home")
    street = models.CharField(max_length=200)
    postcode = models.CharField(max_length=12)
    city = models.CharField(max_length=100)
    country = models.CharField(max_length=2, help_text="Two letters, as in ISO 3166.")

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "label"], name="customers_address_label_once"
            )
        ]
        indexes = [models.Index(fields=["country", "postcode"], name="customers_address_area_idx")]

    def __str__(self) -> str:
        return f"{self.street}, {self.postcode} {self.city}"
