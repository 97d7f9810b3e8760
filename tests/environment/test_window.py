from __future__ import annotations

import datetime
import zoneinfo

import pytest
from django.utils import timezone

from django_safe_migrate import values
from django_safe_migrate.environment.window import check

WINDOWS = values.windows(["Sun 02:00-04:00", "22:30-23:30"])
pytestmark = pytest.mark.vendors("sqlite")


def found(make_context, *moment, **given):
    now = datetime.datetime(*moment, tzinfo=zoneinfo.ZoneInfo("UTC"))
    return [f.message for f in check(make_context(now=lambda: now, **given))]


def test_outside(make_context):
    assert found(make_context, 2026, 11, 21, 12, 5, maintenance_windows=WINDOWS) == [
        "It is Sat 12:05 (UTC), outside of the maintenance windows: Sun 02:00-04:00, 22:30-23:30."
    ]


def test_inside(make_context):
    assert found(make_context, 2026, 11, 22, 3, 0, maintenance_windows=WINDOWS) == []
    assert found(make_context, 2026, 11, 21, 22, 30, maintenance_windows=WINDOWS) == []


def test_no_windows(make_context):
    assert found(make_context, 2026, 11, 21, 12, 5) == []


def test_first_install(make_context):
    given = {"maintenance_windows": WINDOWS, "first_install": True}
    assert found(make_context, 2026, 11, 21, 12, 5, **given) == []


@pytest.mark.parametrize("use_tz", [True, False])
def test_the_hour_is_that_of_the_project(make_context, settings, use_tz):
    settings.TIME_ZONE = "Asia/Tokyo"
    settings.USE_TZ = use_tz
    assert make_context().now().utcoffset() == datetime.timedelta(hours=9)
    assert timezone.get_default_timezone_name() == "Asia/Tokyo"
