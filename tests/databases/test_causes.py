"""The errors behind an error."""

from __future__ import annotations

from django_safe_migrate.databases.causes import causes


def test_the_causes_of_an_error_end_even_in_a_circle() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert list(causes(first)) == [first, second]
