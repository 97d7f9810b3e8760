"""Name the three things the shop serves: the storefront, the admin and its own health."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path
from health_check.views import HealthCheckView
from storefront import views

urlpatterns = [
    path("", views.product_list, name="product-list"),
    path("products/<slug:sku>/", views.product_detail, name="product-detail"),
    path("admin/", admin.site.urls),
    path(
        "health/",
        HealthCheckView.as_view(
            checks=["health_check.checks.Database", "health_check.checks.Cache"]
        ),
        name="health",
    ),
]
