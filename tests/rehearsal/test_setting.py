"""The ``REHEARSE`` setting and the option of the command together."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.test import override_settings

from django_safe_migrate import conf
from django_safe_migrate.management.commands._rehearse_arguments import AS_SET, rehearse_settings


def settings_of(value: Any) -> conf.RehearseSettings:
    with override_settings(SAFE_MIGRATE={"REHEARSE": value}):
        return conf.load().rehearse


def test_a_word_stands_for_its_key() -> None:
    assert settings_of("always") == settings_of({"WHEN": "always"})
    assert settings_of({}).when == "never"
    found = settings_of({"WHEN": "destructive", "MAX_RATIO": 3, "FLOOR": "1min"})
    assert (found.extent, found.max_ratio, found.floor) == ("return", 3.0, 60.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("sometimes", "it must be 'never', 'destructive', 'always' or a dictionary"),
        (None, "it must be 'never', 'destructive', 'always' or a dictionary"),
        ({"WHEN": "often"}, "it must be 'never', 'destructive' or 'always'"),
        ({"MAX_RATIO": 0.5}, "it must be a number of at least 1, or None"),
        ({"MAX_RATIO": True}, "it must be a number of at least 1, or None"),
        ({"EXTEND": "full"}, "Did you mean 'EXTENT'?"),
    ],
)
def test_what_is_not_accepted_is_named(value: Any, message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match='SAFE_MIGRATE."REHEARSE"') as error:
        settings_of(value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("setting", "option", "expected"),
    [
        ("never", None, {}),
        ("always", "never", {}),
        ("never", AS_SET, {"rehearse": "return", "rehearse_if_destructive": False}),
        ("never", "full", {"rehearse": "full", "rehearse_if_destructive": False}),
        ("always", None, {"rehearse": "return", "rehearse_if_destructive": False}),
        ("destructive", None, {"rehearse": "return", "rehearse_if_destructive": True}),
        ("destructive", AS_SET, {"rehearse": "return", "rehearse_if_destructive": False}),
    ],
)
def test_the_option_wins_over_the_setting(
    setting: str, option: str | None, expected: dict[str, Any]
) -> None:
    with override_settings(SAFE_MIGRATE={"REHEARSE": setting}):
        settings = conf.load()
        assert rehearse_settings({"rehearse": option, "backup": None}, settings) == expected
        faked = {"rehearse": option, "backup": None, "fake": True}
        assert rehearse_settings(faked, settings) == {}


def test_a_rehearsal_without_a_backup_is_refused() -> None:
    with pytest.raises(CommandError, match="--backup never"):
        rehearse_settings({"rehearse": AS_SET, "backup": "never"}, conf.load())
