from __future__ import annotations

import dataclasses

import pytest

from django_safe_migrate.reports import build, words
from tests.records import RECEIPT, Story, failed, succeeded


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(0.002, 0.003, "+50%"), (0.004, 0.001, "-75%"), (0.00001, 0.00009, None), (None, 0.5, None)],
)
def test_a_change_of_response_is_told_when_it_means_something(
    before: float | None, after: float | None, expected: str | None
) -> None:
    performance = build(succeeded().record()).performance
    changed = dataclasses.replace(
        performance, response_seconds_before=before, response_seconds_after=after
    )
    assert dict(words.measurements(changed)).get("Change of the response time") == expected


def test_headlines() -> None:
    assert words.headline(build(failed().record())) == (
        "partial: 1 of 2 migrations carried out on default in 7.50 s"
    )
    restored = Story().start(kind="restore", plan=[]).end().record()
    assert words.headline(build(restored)) == "success: restore of default in 0.50 s"


def test_a_backup_says_how_far_it_is_proven() -> None:
    def said(**about: str) -> str:
        return words.backup(build(Story().start().backup({**RECEIPT, **about}).end().record()))

    name = RECEIPT["name"]
    assert said() == f"{name} (12.3 MB, verified: read back and restored)"
    assert said(verified_at="", verification="") == f"{name} (12.3 MB, not verified)"
    assert said(broken="Its digest differs.") == f"{name} (12.3 MB, Its digest differs.)"
