"""Costs of type changes for what no test server has, and for the ways to write a type; the rest is measured in test_conformance."""

from __future__ import annotations

import pytest

from django_safe_migrate.databases.facts import DomainDefinition
from django_safe_migrate.databases.postgresql.facts import TypeChange, type_change
from django_safe_migrate.databases.postgresql.facts.types import is_utc


@pytest.mark.parametrize(
    ("old", "new", "cost"),
    [
        ("text", "citext", TypeChange.INDEXES),
        ("citext", "text", TypeChange.INDEXES),
        ("varchar(10)", "citext", TypeChange.INDEXES),
        ("citext", "varchar(10)", TypeChange.REWRITE),
        ("character varying(10)", "varchar(20)", TypeChange.FREE),
        ("VARCHAR(10)", "character varying (10)", TypeChange.FREE),
        ("int4", "INTEGER", TypeChange.FREE),
        ("serial", "integer", TypeChange.FREE),
        ("serial", "bigserial", TypeChange.REWRITE),
        ("float(24)", "real", TypeChange.FREE),
        ("float(25)", "double precision", TypeChange.FREE),
        ("real", "float", TypeChange.REWRITE),
        ("decimal(5)", "numeric(7, 0)", TypeChange.FREE),
        ("numeric(5, 2)", "numeric(4, 2)", TypeChange.REWRITE),
        ("time(3) with time zone", "timetz", TypeChange.FREE),
        ("timestamp(6) without time zone", "timestamp", TypeChange.FREE),
        ("interval day to second", "interval", TypeChange.REWRITE),
        ("char", "character(1)", TypeChange.FREE),
        ("geometry(Point,4326)", "geometry(Point,3857)", TypeChange.REWRITE),
        ("integer[]", "integer[3]", TypeChange.FREE),
        ("integer[]", "integer", TypeChange.REWRITE),
        ("hstore", "jsonb", TypeChange.REWRITE),
        ("public.mood", "public.mood", TypeChange.FREE),
    ],
)
def test_cost(old: str, new: str, cost: TypeChange) -> None:
    assert type_change(old, new) is cost


@pytest.mark.parametrize(
    ("timezone", "cost"),
    [
        ("UTC", TypeChange.INDEXES),
        ("Etc/GMT", TypeChange.INDEXES),
        ("Europe/London", TypeChange.REWRITE),
        (None, TypeChange.REWRITE),
    ],
)
def test_timestamps_are_the_same_in_utc_alone(timezone: str | None, cost: TypeChange) -> None:
    assert type_change("timestamptz", "timestamp", timezone=timezone) is cost
    assert is_utc(timezone) is (cost is TypeChange.INDEXES)


def test_another_collation_has_the_indexes_built_anew() -> None:
    assert type_change("text", "text", same_collation=False) is TypeChange.INDEXES
    assert type_change("text", "bytea", same_collation=False) is TypeChange.REWRITE


def test_a_domain_is_its_base_unless_it_has_a_constraint() -> None:
    domains = {
        "name": DomainDefinition(base="varchar(10)", constrained=False),
        "even": DomainDefinition(base="integer", constrained=True),
        "named": DomainDefinition(base="name", constrained=False),
    }.get
    assert type_change("varchar(5)", "name", domains=domains) is TypeChange.FREE
    assert type_change("varchar(20)", "name", domains=domains) is TypeChange.REWRITE
    assert type_change("named", "text", domains=domains) is TypeChange.FREE
    assert type_change("integer", "even", domains=domains) is TypeChange.REWRITE
    assert type_change("even", "integer", domains=domains) is TypeChange.FREE
