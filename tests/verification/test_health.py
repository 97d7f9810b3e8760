"""Health checks before and after a run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import migrations

from django_safe_migrate.verification.health import run_checks
from tests.databases.conftest import eventually
from tests.verification.health_checks import Hanging, Scripted
from tests.verification.scene import Scene, found, looked_at

MODULE = "tests.verification.health_checks"
SCRIPTED = f"{MODULE}.Scripted"


@pytest.fixture(autouse=True)
def _behaviour() -> Iterator[None]:
    Hanging.released.clear()
    yield
    Scripted.behaviour = "pass"
    Hanging.released.set()


def behave(behaviour: str) -> None:
    Scripted.behaviour = behaviour


def carry_out(scene: Scene, before: str, after: str) -> list[tuple[str, str, str]]:
    behave(before)
    result = scene.run(
        scene.migration("shop.0002", []),
        meanwhile=lambda _: behave(after),
        health_checks=((SCRIPTED, {"secret": "other s3cret"}),),
    )
    assert looked_at(result, "health") == f"1 health check, before and after the run: {SCRIPTED}."
    return found(result)


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("pass", "pass", []),
        ("fail", "pass", []),
        (
            "pass",
            "fail",
            [
                (
                    "health_check_failed",
                    "error",
                    f"Health check {SCRIPTED} fails and passed before the run: Unavailable: queue is full.",
                )
            ],
        ),
        (
            "fail",
            "fail",
            [
                (
                    "health_check_failed_before",
                    "warning",
                    f"Health check {SCRIPTED} fails, as it did before the run: Unavailable: queue is full.",
                )
            ],
        ),
        (
            "pass",
            "warn",
            [
                (
                    "health_check_warned",
                    "warning",
                    f"Health check {SCRIPTED} warns: Warning: queue is long.",
                )
            ],
        ),
        (
            "pass",
            "crash",
            [
                (
                    "health_check_failed",
                    "error",
                    f"Health check {SCRIPTED} fails and passed before the run: it raised RuntimeError, "
                    "which no health check should; its text may hold secrets and is not shown.",
                )
            ],
        ),
    ],
)
def test_before_and_after(
    scene: Scene, before: str, after: str, expected: list[tuple[str, str, str]]
) -> None:
    assert carry_out(scene, before, after) == expected


@pytest.mark.vendors("sqlite")
def test_a_check_that_warned_and_now_fails_is_an_error(scene: Scene) -> None:
    ((rule, severity, message),) = carry_out(scene, "warn", "fail")
    assert (rule, severity) == ("health_check_failed", "error")
    assert (
        message
        == f"Health check {SCRIPTED} fails and only warned before the run: Unavailable: queue is full."
    )


@pytest.mark.vendors("sqlite")
def test_without_configured_checks_that_is_said(scene: Scene) -> None:
    result = scene.run(scene.migration("shop.0002", [migrations.RunSQL("SELECT 1")]))
    assert looked_at(result, "health") == 'Nothing: SAFE_MIGRATE["HEALTH_CHECKS"] is empty.'


def test_a_check_that_hangs_does_not_hold_up_the_run() -> None:
    hanging, passing = run_checks(((f"{MODULE}.Hanging", {}), (SCRIPTED, {})))
    assert (hanging.status, hanging.reason) == ("failed", "it did not end within 0.1 s.")
    assert passing.status == "passed"


def test_asynchronous_checks_run_outside_and_inside_an_event_loop() -> None:
    configured = ((f"{MODULE}.Asynchronous", {}), (SCRIPTED, {}))

    async def inside() -> list[str]:
        return [result.status for result in run_checks(configured)]

    assert [result.status for result in run_checks(configured)] == ["passed", "passed"]
    assert asyncio.run(inside()) == ["passed", "passed"]
    behave("fail")
    assert asyncio.run(inside()) == ["failed", "failed"]


def test_a_check_configured_twice_has_two_names() -> None:
    results = run_checks(((SCRIPTED, {}), (SCRIPTED, {"secret": "b"})))
    assert [result.name for result in results] == [SCRIPTED, f"{SCRIPTED} (2)"]


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize("name", ["UsesDatabase", "UsesDatabaseAsynchronously"])
def test_the_connections_of_checks_are_closed(scene: Scene, name: str) -> None:
    def sessions() -> int:
        rows = scene.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(rows[0][0])

    before = sessions()
    for _ in range(3):
        (result,) = run_checks(((f"{MODULE}.{name}", {}),))
        assert result.status == "passed", result.reason
    assert eventually(lambda: sessions() == before)


@pytest.mark.parametrize(
    ("configured", "message"),
    [
        (
            ("tests.no_such.Check", {}),
            "SAFE_MIGRATE[\"HEALTH_CHECKS\"] names 'tests.no_such.Check', which cannot be imported: "
            "No module named 'tests.no_such'.",
        ),
        (
            (SCRIPTED, {"nonsense": 1}),
            f"SAFE_MIGRATE[\"HEALTH_CHECKS\"] gives '{SCRIPTED}' options that it does not take: "
            "Scripted.__init__() got an unexpected keyword argument 'nonsense'.",
        ),
        (
            ("collections.Counter", {}),
            "SAFE_MIGRATE[\"HEALTH_CHECKS\"] names 'collections.Counter', which is no health check: it has no run().",
        ),
    ],
)
def test_a_wrong_setting_is_explained(configured: tuple[str, dict[str, int]], message: str) -> None:
    with pytest.raises(ImproperlyConfigured) as raised:
        run_checks((configured,))
    assert str(raised.value) == message
