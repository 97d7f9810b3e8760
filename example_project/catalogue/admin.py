"""Let the staff keep the shelves in order."""

from __future__ import annotations

from django.contrib import admin

from catalogue.models import Brand, Category, Product, ProductTag, Tag


class ProductTagInline(admin.TabularInline):
    model = ProductTag
    extra = 0
    autocomplete_fields = ["tag"]


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "parent"]
    list_select_related = ["parent"]
    prepopulated_fields = {"slug": ["name"]}
    search_fields = ["name"]


@admin.register(Brand, Tag)
class NamedAdmin(admin.ModelAdmin):
    search_fields = ["name"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["sku", "name", "category", "brand", "price", "stock", "is_active"]
    list_filter = ["is_active", "category"]
    list_select_related = ["category", "brand"]
    search_fields = ["sku", "name", "barcode"]
    autocomplete_fields = ["category", "brand"]
    inlines = [ProductTagInline]
