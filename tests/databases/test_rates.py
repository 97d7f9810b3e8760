"""Rates from samples."""

from __future__ import annotations

import pytest

from django_safe_migrate.databases.rates import (
    ASSUMED,
    FASTEST,
    SAMPLE_ROWS,
    Rates,
    Sample,
    rates_of,
    sorting_times,
)


def test_rates_are_those_of_the_work_in_earnest() -> None:
    slow = Sample(bytes=4_000_000, seconds=0.5)
    rates = rates_of(slow, slow.times(2), slow.times(4))
    assert (rates.scan, rates.write, rates.index) == (8e6, 4e6, 2e6)
    assert rates.measured


def test_no_sample_is_believed_that_a_cache_answered() -> None:
    instant = Sample(bytes=4_000_000, seconds=0.0)
    rates = rates_of(instant, instant, instant)
    assert (rates.scan, rates.write, rates.index) == (FASTEST.scan, FASTEST.write, FASTEST.index)


def test_assumed_rates_are_the_slower_ones() -> None:
    assert not ASSUMED.measured
    assert ASSUMED.scan < FASTEST.scan
    assert ASSUMED.write < FASTEST.write
    assert ASSUMED.index < FASTEST.index


def test_sorting_takes_more_for_each_row_of_a_larger_table() -> None:
    assert sorting_times(10) == sorting_times(SAMPLE_ROWS) == 1
    assert sorting_times(SAMPLE_ROWS**2) == pytest.approx(2)
    rates = Rates(scan=1, write=1, index=10)
    assert rates.index_seconds(100, SAMPLE_ROWS) == pytest.approx(10)
    assert rates.index_seconds(100, SAMPLE_ROWS**2) == pytest.approx(20)
