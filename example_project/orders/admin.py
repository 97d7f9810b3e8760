"""Let the staff follow an order from basket to parcel."""

from __future__ import annotations

from django.contrib import admin

from orders.models import Order, OrderLine, Payment


class OrderLineInline(admin.TabularInline):
    model = OrderLine
    extra = 0
    autocomplete_fields = ["product"]


class PaymentInline(admin.TabularInline):
    model = Payment
    extra = 0


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "customer", "status", "channel", "total", "currency", "placed_at"]
    list_filter = ["status", "channel", "currency"]
    list_select_related = ["customer"]
    date_hierarchy = "placed_at"
    search_fields = ["number", "customer__email"]
    autocomplete_fields = ["customer", "shipping_address"]
    inlines = [OrderLineInline, PaymentInline]


@admin.register(Payment)
class PaymentAdmin(admin.ModelAdmin):
    list_display = ["reference", "order", "provider", "amount", "paid_at"]
    list_filter = ["provider"]
    list_select_related = ["order"]
    search_fields = ["reference", "order__number"]
    autocomplete_fields = ["order"]
