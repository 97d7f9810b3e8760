"""The two pages a visitor sees: the shelf, and one product with its reviews."""

from __future__ import annotations

from catalogue.models import Product
from django.core.paginator import Paginator
from django.db.models import Avg, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

PRODUCTS_PER_PAGE = 24


def product_list(request: HttpRequest) -> HttpResponse:
    products = Product.objects.filter(is_active=True).select_related("brand", "category")
    page = Paginator(products, PRODUCTS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "storefront/product_list.html", {"page": page})


def product_detail(request: HttpRequest, sku: str) -> HttpResponse:
    shown = Q(reviews__is_approved=True)
    products = Product.objects.filter(is_active=True).select_related("brand", "category")
    product = get_object_or_404(
        products.annotate(stars=Avg("reviews__rating", filter=shown)), sku=sku
    )
    reviews = product.reviews.filter(is_approved=True).select_related("customer")[:10]
    return render(
        request, "storefront/product_detail.html", {"product": product, "reviews": reviews}
    )
