from __future__ import annotations

from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports import build, console, markdown, point_in_time
from tests.records import PLAN, Story

POSITION = {
    "log": "binary log",
    "at": "shop-bin.000007:1234",
    "timeline": None,
    "gtid": "0-7-99",
    "name": "",
    "remark": "",
}


def record(*recorded: int | None, known: dict[str, Any] | None = None) -> RunRecord:
    """A run that recorded positions after these steps, None for before the first."""
    story = Story().start(plan=PLAN)
    story.say(events.STAGE_STARTED, stage="execute")
    for index in recorded:
        place = {**POSITION, "at": f"shop-bin.000007:{1000 + (0 if index is None else index + 1)}"}
        story.say(events.POSITION_RECORDED, index=index, position=place)
    detail = {} if known is None else {"point_in_time": known}
    story.say(events.STAGE_FINISHED, stage="execute", status="passed", seconds=1.0, detail=detail)
    return story.end().record()


LABELS = [f"{step['app_label']}.{step['name']}" for step in PLAN]


def test_what_is_told_survives_the_end_of_the_stage() -> None:
    report = build(record(None, 0, known={"possible": True, "why": "It is logged."}))
    assert list(point_in_time.sentences(report.point_in_time)) == ["yes: It is logged."]
    assert list(point_in_time.rows(report.point_in_time)) == [
        ("before the first migration", "binary log shop-bin.000007:1000, GTID 0-7-99", ""),
        (f"after {LABELS[0]}", "binary log shop-bin.000007:1001, GTID 0-7-99", ""),
    ]
    shown = {section.title: section.rows for section in console.sections(report)}
    assert shown["Point in time"][1][0] == "before the first migration"
    assert "| before the first migration | `binary log shop-bin.000007:1000, GTID 0-7-99` |  |" in (
        markdown.render(report)
    )


def test_a_server_without_an_archive_is_no_news() -> None:
    report = build(record(known={"possible": False, "why": "archive_mode is off."}))
    assert report.point_in_time is not None
    assert "Point in time" not in {section.title for section in console.sections(report)}
    assert build(record()).point_in_time is None


@pytest.mark.parametrize(
    ("recorded", "label", "expected"),
    [
        ((None, 0), LABELS[1], "shop-bin.000007:1001"),
        ((None,), LABELS[1], "shop-bin.000007:1000"),
        ((None, 0, 1), LABELS[0], "shop-bin.000007:1000"),
        ((None, 0, 1), "", "shop-bin.000007:1000"),
        ((0, 1), "", None),
        ((None, 0), "shop.0099_none", None),
        ((), LABELS[0], None),
    ],
)
def test_the_last_position_before(recorded: Any, label: str, expected: str | None) -> None:
    found = point_in_time.before(record(*recorded), label)
    assert (found and found.at) == expected
