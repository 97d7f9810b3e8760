"""Make up customers, for tests and for the `seed` command."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from factory.fuzzy import FuzzyChoice, FuzzyDateTime, FuzzyInteger

from customers.models import Address, Customer

STREETS = [
    "Mill Lane",
    "Station Road",
    "High Street",
    "Quay",
    "Orchard Way",
    "Bridge Street",
    "Church Hill",
]
CITIES = [
    ("Utrecht", "NL"),
    ("Gent", "BE"),
    ("Köln", "DE"),
    ("Lyon", "FR"),
    ("Porto", "PT"),
    ("Málaga", "ES"),
]


class CustomerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Customer
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"customer{number}@example.com")
    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")
    phone = factory.Sequence(lambda number: f"+31 20 {number:07d}")
    wants_newsletter = FuzzyChoice([True, False, False])
    created_at = FuzzyDateTime(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))


class AddressFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Address
        skip_postgeneration_save = True

    class Params:
        place = FuzzyChoice(CITIES)
        house_number = FuzzyInteger(1, 200)
        street_name = FuzzyChoice(STREETS)

    customer = factory.SubFactory(CustomerFactory)
    street = factory.LazyAttribute(lambda address: f"{address.house_number} {address.street_name}")
    postcode = factory.LazyAttribute(lambda address: f"{1000 + address.house_number * 37}")
    city = factory.LazyAttribute(lambda address: address.place[0])
    country = factory.LazyAttribute(lambda address: address.place[1])
