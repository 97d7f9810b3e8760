"""Make up products, for tests and for the `seed` command."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from factory.fuzzy import FuzzyChoice, FuzzyDateTime, FuzzyDecimal, FuzzyInteger

from catalogue.models import Brand, Category, Product, ProductTag, Tag

CATEGORIES = [
    "Kitchen",
    "Garden",
    "Bath",
    "Office",
    "Travel",
    "Lighting",
    "Bedroom",
    "Toys",
    "Tools",
    "Sports",
]
BRANDS = [
    "Alder",
    "Birch & Co",
    "Cedar",
    "Dogwood",
    "Elm Works",
    "Fir",
    "Gingko",
    "Hazel",
    "Ivy Home",
    "Juniper",
]
TAGS = [
    "new",
    "sale",
    "gift",
    "handmade",
    "recycled",
    "vegan",
    "limited",
    "classic",
    "compact",
    "waterproof",
]
THINGS = [
    "lamp",
    "bowl",
    "chair",
    "notebook",
    "kettle",
    "blanket",
    "mirror",
    "basket",
    "clock",
    "bottle",
    "shelf",
]
COLOURS = ["red", "blue", "green", "white", "black", "yellow", "grey"]


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ["slug"]
        skip_postgeneration_save = True

    name = factory.Iterator(CATEGORIES)
    slug = factory.LazyAttribute(lambda category: category.name.lower())


class BrandFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Brand
        django_get_or_create = ["name"]
        skip_postgeneration_save = True

    name = factory.Iterator(BRANDS)


class TagFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tag
        django_get_or_create = ["name"]
        skip_postgeneration_save = True

    name = factory.Iterator(TAGS)


class ProductFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Product
        skip_postgeneration_save = True

    class Params:
        colour = FuzzyChoice(COLOURS)
        thing = FuzzyChoice(THINGS)

    sku = factory.Sequence(lambda number: f"P{number:06d}")
    name = factory.LazyAttributeSequence(
        lambda product, number: f"{product.colour} {product.thing} {number}".title()
    )
    description = factory.LazyAttribute(
        lambda product: f"A {product.colour} {product.thing} that lasts."
    )
    category = factory.SubFactory(CategoryFactory)
    brand = factory.SubFactory(BrandFactory)
    price = FuzzyDecimal(1, 300, precision=2)
    stock = FuzzyInteger(0, 500)
    weight_grams = FuzzyInteger(20, 9000)
    attributes = factory.LazyAttribute(lambda product: {"colour": product.colour})
    created_at = FuzzyDateTime(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))


class ProductTagFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProductTag
        skip_postgeneration_save = True

    product = factory.SubFactory(ProductFactory)
    tag = factory.SubFactory(TagFactory)
