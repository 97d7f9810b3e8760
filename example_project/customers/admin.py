"""Let the staff find a customer and the customer's addresses."""

from __future__ import annotations

from django.contrib import admin

from customers.models import Address, Customer


class AddressInline(admin.StackedInline):
    model = Address
    extra = 0


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ["email", "first_name", "last_name", "wants_newsletter", "created_at"]
    list_filter = ["wants_newsletter"]
    search_fields = ["email", "first_name", "last_name"]
    inlines = [AddressInline]


@admin.register(Address)
class AddressAdmin(admin.ModelAdmin):
    list_display = ["customer", "label", "street", "postcode", "city", "country"]
    list_select_related = ["customer"]
    search_fields = ["street", "postcode", "city"]
    autocomplete_fields = ["customer"]
