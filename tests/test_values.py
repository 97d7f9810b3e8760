from __future__ import annotations

import datetime

import pytest

from django_safe_migrate import values


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("2s", 2.0),
        ("2", 2.0),
        ("1.5 min", 90.0),
        ("10min", 600.0),
        ("1h", 3600.0),
        ("2d", 172800.0),
        (3, 3.0),
        (0, 0.0),
        (datetime.timedelta(minutes=1), 60.0),
    ],
)
def test_durations(text: object, seconds: float) -> None:
    assert values.duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "5 parsecs", "-1s", "1s2s", -1, float("inf"), float("nan")]
)
def test_texts_that_are_no_duration(text: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller writes the message
        values.duration(text)


@pytest.mark.parametrize("value", [True, [], None])
def test_values_that_are_no_duration(value: object) -> None:
    with pytest.raises(TypeError):
        values.duration(value)


def at(day: int, hour: int, minute: int = 0) -> datetime.datetime:
    """A moment of the week that began on Monday, 2 November 2026."""
    return datetime.datetime(2026, 11, 1 + day, hour, minute, tzinfo=datetime.UTC)


def test_a_window_of_every_day() -> None:
    (window,) = values.windows(["22:00-23:30"])
    assert window.contains(at(1, 22))
    assert window.contains(at(7, 23, 29))
    assert not window.contains(at(1, 23, 30))
    assert not window.contains(at(1, 21, 59))


def test_a_window_of_one_weekday() -> None:
    (window,) = values.windows(["Sat 02:00-04:00"])
    assert window.contains(at(6, 3))
    assert not window.contains(at(5, 3))


def test_a_window_past_midnight_belongs_to_the_day_it_starts() -> None:
    (window,) = values.windows(["Sat 23:00-02:00"])
    assert window.contains(at(6, 23, 30))
    assert window.contains(at(7, 1))
    assert not window.contains(at(6, 1))
    assert not window.contains(at(7, 23, 30))


@pytest.mark.parametrize("text", ["02:00", "Someday 02:00-03:00", "2-4", "25:00-26:00"])
def test_texts_that_are_no_window(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller writes the message
        values.windows([text])


def test_health_checks_with_and_without_options() -> None:
    assert values.health_checks(["a.B", ("c.D", {"alias": "x"})]) == (
        ("a.B", {}),
        ("c.D", {"alias": "x"}),
    )
