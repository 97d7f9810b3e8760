from __future__ import annotations

import pytest

from django_safe_migrate.reports import units


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, ""),
        (0, "0 s"),
        (0.0004, "<0.001 s"),
        (0.0123, "0.012 s"),
        (0.12, "0.12 s"),
        (9.99, "9.99 s"),
        (9.999, "10.0 s"),
        (59.94, "59.9 s"),
        (59.999, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations(seconds: float | None, expected: str) -> None:
    assert units.duration(seconds) == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (None, ""),
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_500_000, "1.5 MB"),
        (99_960, "100 kB"),
        (999_960, "1.0 MB"),
        (5_000_000_000_000_000_000, "5000 PB"),
    ],
)
def test_sizes(count: int | None, expected: str) -> None:
    assert units.size(count) == expected


def test_numbers_have_their_nouns() -> None:
    assert units.number(1, "row") == "1 row"
    assert units.number(12_000, "row") == "12,000 rows"
    assert units.number(2, "entry", "entries") == "2 entries"


def test_long_lists_are_cut() -> None:
    assert units.listed(["a", "b"]) == "a, b"
    assert units.listed(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"
