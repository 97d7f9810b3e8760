"""Make up reviews, for tests and for the `seed` command."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from catalogue.factories import ProductFactory
from customers.factories import CustomerFactory
from factory.fuzzy import FuzzyChoice, FuzzyDateTime

from reviews.models import Review

OPINIONS = {
    1: ("Broken on arrival", "It came in two halves, and the parcel was not even dented."),
    2: ("Smaller than it looks", "Fine for a doll's house."),
    3: ("Does what it should", "No more than that, and no less."),
    4: ("Good value", "We bought a second one for the neighbours."),
    5: ("Could not live without it", "I take it with me on holidays."),
}


class ReviewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Review
        skip_postgeneration_save = True

    product = factory.SubFactory(ProductFactory)
    customer = factory.SubFactory(CustomerFactory)
    rating = FuzzyChoice([1, 2, 3, 4, 4, 5, 5, 5])
    title = factory.LazyAttribute(lambda review: OPINIONS[review.rating][0])
    text = factory.LazyAttribute(lambda review: OPINIONS[review.rating][1])
    is_approved = FuzzyChoice([True, True, True, False])
    created_at = FuzzyDateTime(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
