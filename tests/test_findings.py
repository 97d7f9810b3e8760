from __future__ import annotations

import dataclasses

import pytest

from django_safe_migrate.findings import Estimate, Finding, Severity


@pytest.fixture
def finding() -> Finding:
    return Finding(
        rule="drop_column",
        severity=Severity.ERROR,
        message="Dropping column a of shop_order deletes its values.",
        hint="Keep it.",
        migration="shop.0002_x",
        tables=("shop_order",),
    )


def test_a_finding_survives_json(finding: Finding) -> None:
    assert Finding.from_json(finding.to_json()) == finding


def test_keys_of_a_newer_version_are_ignored(finding: Finding) -> None:
    assert Finding.from_json({**finding.to_json(), "weight": 3}) == finding


def test_an_estimate_survives_json(finding: Finding) -> None:
    weighed = dataclasses.replace(
        finding, estimate=Estimate(seconds=1.5, rows=12, bytes=8192, written_bytes=4096)
    )
    data = weighed.to_json()
    assert data["estimate"] == {
        "seconds": 1.5,
        "rows": 12,
        "bytes": 8192,
        "written_bytes": 4096,
        "measured": False,
    }
    assert Finding.from_json(data) == weighed
    assert Finding.from_json({**data, "estimate": {**data["estimate"], "cost": 1}}) == weighed


def test_a_finding_of_an_older_version_has_no_estimate(finding: Finding) -> None:
    data = finding.to_json()
    del data["estimate"]
    assert Finding.from_json(data) == finding


def test_only_errors_that_nobody_allowed_block(finding: Finding) -> None:
    assert finding.is_blocking
    assert not dataclasses.replace(finding, allowed=True).is_blocking
    assert not dataclasses.replace(finding, severity=Severity.WARNING).is_blocking


def test_the_id_is_in_our_own_namespace(finding: Finding) -> None:
    assert finding.id == "safe_migrate.drop_column"
