from __future__ import annotations

from django_safe_migrate.analysis.start_after import exempted
from tests.analysis.lint import migration, plan_of


def plan(*names, backwards=False):
    others = [migration([], "0001_initial", "other")]
    return plan_of(*(migration([], name) for name in names), *others, backwards=backwards)


def test_up_to_and_including():
    for backwards in (False, True):
        made = plan("0001_initial", "0002_a", "0003_b", backwards=backwards)
        assert exempted(made, {"shop": "0002"}) == {"shop.0001_initial", "shop.0002_a"}
        assert exempted(made, {"shop": "0002_a"}) == {"shop.0001_initial", "shop.0002_a"}


def test_the_order_of_the_plan_and_not_of_names():
    assert exempted(plan("b_first", "a_second"), {"shop": "b_first"}) == {"shop.b_first"}


def test_applied_already():
    assert exempted(plan("0003_b", "0004_c"), {"shop": "0002"}) == frozenset()


def test_plan_that_stops_before():
    assert exempted(plan("0001_initial", "0002_a"), {"shop": "0010"}) == {
        "shop.0001_initial",
        "shop.0002_a",
    }


def test_names_without_numbers_are_analysed():
    assert exempted(plan("initial"), {"shop": "later"}) == frozenset()


def test_no_setting():
    assert exempted(plan("0001_initial"), {}) == frozenset()
