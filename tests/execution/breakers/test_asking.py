from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate.execution.breakers.asking import Functions, HealthChecks, import_functions


def test_health_checks_that_fail_in_a_row(configured: Any) -> None:
    answers = iter([{"till": "closed"}, {}, {"till": "closed"}, {"till": "shut", "web": "slow"}])
    breaker = HealthChecks(configured("HEALTH_CHECKS", 2), lambda: next(answers))
    assert [breaker.look(None) for _ in range(3)] == ["", "", ""]
    assert breaker.look(None) == "Health check till fails (2 times in a row): shut"


def test_functions(configured: Any) -> None:
    settings = configured("CALLABLE", "shop.busy")
    calls: list[str] = []

    def quiet(alias: str) -> None:
        calls.append(alias)

    def broken(alias: str) -> str:
        raise OSError("no network")

    assert Functions(settings, {"quiet": quiet}, "other").look(None) == ""
    assert calls == ["other"]
    busy = {"quiet": quiet, "busy": lambda alias: f"many orders on {alias}"}
    assert Functions(settings, busy, "other").look(None) == "busy: many orders on other"
    told = Functions(settings, {"broken": broken}, "other").look(None)
    assert told == "broken: it raised OSError: no network"


def test_functions_by_their_paths() -> None:
    assert import_functions(["os.path.basename"])["os.path.basename"]("a/b") == "b"
    with pytest.raises(
        ImproperlyConfigured, match=r"names 'os\.nothing', which cannot be imported"
    ):
        import_functions(["os.nothing"])
    with pytest.raises(ImproperlyConfigured, match=r"names 'os\.sep', which is no function"):
        import_functions(["os.sep"])
