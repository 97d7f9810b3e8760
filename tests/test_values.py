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


def test_servers() -> None:
    assert values.target_version(None) is None
    assert values.target_version("16") == values.TargetVersion("", (16,))
    assert values.target_version(" MariaDB 10.11 ") == values.TargetVersion("mariadb", (10, 11))
    assert values.target_version("mysql 8.0.11") == values.TargetVersion("mysql", (8, 0, 11))


@pytest.mark.parametrize("value", ["", "oracle 19", "sixteen", "postgresql", "16.x", 16])
def test_what_is_no_server(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        values.target_version(value)


def test_urls_of_pages() -> None:
    assert values.urls(["https://shop.example/", "http://127.0.0.1:8000/up"]) == (
        "https://shop.example/",
        "http://127.0.0.1:8000/up",
    )


@pytest.mark.parametrize("value", [["shop.example"], ["file:///etc/passwd"], ["http://"]])
def test_texts_that_are_no_urls(value: object) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        values.urls(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("80%", values.Quantity(80, is_share=True)),
        (" 12.5 % ", values.Quantity(12.5, is_share=True)),
        (40, values.Quantity(40, is_share=False)),
        ("40", values.Quantity(40, is_share=False)),
    ],
)
def test_quantities(value: object, expected: values.Quantity) -> None:
    assert values.quantity(value) == expected


@pytest.mark.parametrize("value", ["110%", -1, "some", "5GB", ""])
def test_texts_that_are_no_quantity(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller writes the message
        values.quantity(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1024, values.Quantity(1024, is_share=False)),
        ("500MB", values.Quantity(500_000_000, is_share=False)),
        ("1.5 gb", values.Quantity(1_500_000_000, is_share=False)),
        ("10%", values.Quantity(10, is_share=True)),
    ],
)
def test_sizes(value: object, expected: values.Quantity) -> None:
    assert values.size(value) == expected


@pytest.mark.parametrize("value", ["5 parsecs", -1, "101%", ""])
def test_texts_that_are_no_size(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller writes the message
        values.size(value)


def test_a_quantity_of_a_total() -> None:
    assert values.quantity("80%").of(60) == 48
    assert values.quantity(40).of(60) == 40
    assert (values.quantity("80%").text, values.quantity(4000).text) == ("80 %", "4,000")


def test_what_to_do_before_the_start() -> None:
    assert values.start_action("report") == values.StartAction("report")
    assert values.start_action("stop") == values.StartAction("stop")
    assert values.start_action("wait 10min") == values.StartAction("wait", 600.0)


@pytest.mark.parametrize("value", ["wait", "wait long", "stop 5s", "go"])
def test_what_cannot_be_done_before_the_start(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller writes the message
        values.start_action(value)
