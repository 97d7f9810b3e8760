from __future__ import annotations

import pytest

from django_safe_migrate import conf
from django_safe_migrate.environment.stop_file import check

pytestmark = pytest.mark.vendors("sqlite")


@pytest.fixture
def file(settings, tmp_path):
    settings.SAFE_MIGRATE = {"JOURNAL_DIR": tmp_path}
    return tmp_path / "stop"


def test_no_file(make_context, file):
    assert list(check(make_context())) == []


def test_a_file_with_a_reason(make_context, file):
    file.write_text("  Ada counts\tthe stock.\nMore.\n")
    [finding] = check(make_context())
    assert (finding.rule, finding.severity.label) == ("stop_file", "error")
    assert finding.message == f"The stop file {file} exists: Ada counts the stock."
    assert finding.hint == f"When migrations may run again: rm {file}"


def test_an_empty_file(make_context, file):
    file.touch()
    assert [one.message for one in check(make_context())] == [f"The stop file {file} exists."]


def test_a_file_that_only_pauses(make_context, file, settings):
    settings.SAFE_MIGRATE = {
        **settings.SAFE_MIGRATE,
        "BREAKERS": {"STOP_FILE": {"ACTION": "pause"}},
    }
    file.touch()
    assert list(check(make_context())) == []


def test_a_breaker_that_is_off(make_context, file, settings):
    settings.SAFE_MIGRATE = {**settings.SAFE_MIGRATE, "BREAKERS": {"STOP_FILE": None}}
    file.touch()
    assert conf.stop_file(conf.load()) is None
    assert list(check(make_context())) == []
