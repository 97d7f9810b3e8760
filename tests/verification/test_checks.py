"""The whole verification: without a baseline, with a database that fails, and as data."""

from __future__ import annotations

import pytest

from django_safe_migrate.verification import CheckResult, VerificationResult
from tests.verification.scene import Scene, found, looked_at


def test_without_a_baseline_each_check_says_what_it_could_not_look_at(scene: Scene) -> None:
    scene.recorder.record_applied("shop", "0002")
    result = scene.verify(scene.plan(scene.migration("shop.0002", [])), None)
    assert found(result) == []
    assert looked_at(result, "rows") == "Nothing: nothing was counted before the run."
    assert looked_at(result, "integrity") == "Nothing: nothing was measured before the run."
    assert looked_at(result, "performance").startswith("The response time after the run: ")
    assert looked_at(result, "schema").startswith("4 tables with 10 columns of 1 app;")


def test_a_check_that_breaks_off_is_an_error_and_the_others_go_on(scene: Scene) -> None:
    result = scene.run(
        scene.migration("shop.0002", []),
        meanwhile=lambda scene: scene.sql("ALTER TABLE django_migrations DROP COLUMN name"),
    )
    ((rule, severity, message), *others) = found(result)
    assert (rule, severity) == ("check_not_carried_out", "error")
    assert message.startswith("The check of completeness broke off: ")
    assert "name" in message
    assert "\n" not in message
    assert others == []
    assert [check.name for check in result.checks] == [
        "completeness",
        "schema",
        "rows",
        "integrity",
        "health",
        "performance",
    ]


@pytest.mark.vendors("sqlite")
def test_the_result_as_data(scene: Scene) -> None:
    result = scene.run(scene.migration("shop.0002", []))
    for check, data in zip(result.checks, result.to_json()["checks"], strict=True):
        assert data == {
            "name": check.name,
            "looked_at": check.looked_at,
            "seconds": check.seconds,
            "findings": 0,
        }
        assert check.seconds > 0
        assert check.looked_at.endswith(".")


def test_findings_are_those_of_all_checks() -> None:
    assert VerificationResult((CheckResult(name="a", looked_at="A."),)).findings == ()
