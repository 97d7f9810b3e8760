"""Let the staff approve reviews before the storefront shows them."""

from __future__ import annotations

from django.contrib import admin

from reviews.models import Review


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    list_display = ["product", "customer", "rating", "title", "is_approved", "created_at"]
    list_filter = ["is_approved", "rating"]
    list_select_related = ["product", "customer"]
    search_fields = ["title", "product__name"]
    autocomplete_fields = ["product", "customer"]
