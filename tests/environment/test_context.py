from __future__ import annotations

import datetime

import pytest

pytestmark = pytest.mark.vendors("sqlite")


def test_defaults(make_context):
    context = make_context()
    assert not context.first_install
    assert context.compare_models


def test_now_is_in_the_time_zone_of_the_project(make_context, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    assert make_context().now().utcoffset() == datetime.timedelta(hours=9)
