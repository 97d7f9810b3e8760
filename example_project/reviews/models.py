"""Opinions, with the stars that the storefront shows."""

from __future__ import annotations

from catalogue.models import Product
from customers.models import Customer
from django.conf import settings
from django.db import models
from django.utils import timezone


class Review(models.Model):
    """One customer's opinion of one product."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="reviews")
    rating = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    is_approved = models.BooleanField(default=False, db_default=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["product", "customer"], name="reviews_review_once"),
            models.CheckConstraint(
                condition=models.Q(rating__gte=1, rating__lte=5),
                name="reviews_review_rating_1_to_5",
            ),
        ]
        indexes = [models.Index(fields=["product", "is_approved"], name="reviews_review_shown_idx")]

    def __str__(self) -> str:
        return f"{self.rating} of 5 for {self.product}"
