"""Circuit breakers and waits, in the report and in the lines that are printed meanwhile."""

from __future__ import annotations

import pytest

from django_safe_migrate import events
from django_safe_migrate.reports import Report, build
from django_safe_migrate.reports.console import render as as_text
from django_safe_migrate.reports.lines import lines_of
from django_safe_migrate.reports.markdown import render as as_markdown
from django_safe_migrate.reports.progress import progress_of
from tests.records import Story, succeeded

OPENED = {"breaker": "REPLICA_LAG", "action": "pause", "reason": "Replica near is 40 s behind."}


@pytest.fixture
def story() -> Story:
    return Story().start().say(events.STAGE_STARTED, stage="execute")


def said(story: Story) -> list[str]:
    """What the last event has to say."""
    return [text for _, text in lines_of(story.events[-1], story.record(), 1)]


def test_a_run_without_breakers_says_nothing_of_them() -> None:
    report = build(succeeded().record())
    assert report.breakers == ()
    assert "reakers" not in as_text(report)
    assert "reakers" not in as_markdown(report)


def test_the_section_of_the_report(story: Story) -> None:
    story.say(events.BREAKER_OPENED, **OPENED, paused_seconds=None)
    story.say(events.BREAKER_CLOSED, breaker="REPLICA_LAG", seconds=7.0)
    report = build(story.record())
    assert Report.from_json(report.to_json()) == report
    row = "REPLICA_LAG  pause for 7.00 s  Replica near is 40 s behind."
    assert f"Circuit breakers\n  {row}\n" in as_text(report)
    assert "## Circuit Breakers\n" in as_markdown(report)
    assert "pause for 7.00 s" in as_markdown(report)


def test_all_that_was_seen_comes_with_the_end_of_the_stage(story: Story) -> None:
    opening = {**OPENED, "at": "2026-03-04T12:00:00+00:00", "seconds": 9.5}
    detail = {"breakers": {"paused_seconds": 9.0, "openings": [opening], "blind": {}}}
    story.say(events.STAGE_FINISHED, stage="execute", status="passed", seconds=1.0, detail=detail)
    (found,) = build(story.record()).breakers
    assert (found.breaker, found.seconds) == ("REPLICA_LAG", 9.5)


def test_the_lines_of_a_pause(story: Story) -> None:
    story.say(events.BREAKER_OPENED, **OPENED, paused_seconds=None)
    assert said(story) == [
        "breaker REPLICA_LAG opened, the plan pauses before its next operation outside of a transaction: Replica near is 40 s behind."
    ]
    assert next(iter(progress_of(story.record()).meanwhile)) == "held: Replica near is 40 s behind."
    story.say(events.BREAKER_CLOSED, breaker="REPLICA_LAG", seconds=7.0)
    assert said(story) == ["breaker REPLICA_LAG closed after 7.00 s"]
    story.say(events.BREAKER_OPENED, **{**OPENED, "action": "stop"}, paused_seconds=None)
    assert said(story)[0].startswith("breaker REPLICA_LAG opened, the plan is stopped: ")


def test_the_lines_of_a_wait(story: Story) -> None:
    reason = {"rule": "long_transaction", "message": "Session 7 is old."}
    waiting = {"stage": "preflight", "limit": 600.0, "reasons": [reason]}
    story.say(events.WAITING, seconds=0.0, **waiting)
    assert said(story) == ["waits up to 10 min 00 s: Session 7 is old. [long_transaction]"]
    story.say(events.WAITING, seconds=61.0, **waiting)
    assert said(story)[0].startswith("waits up to 10 min 00 s, 1 min 01 s so far: ")
    story.say(
        events.WAITED, stage="preflight", seconds=62.0, rules=["long_transaction"], gave_up=True
    )
    assert said(story) == ["waited 1 min 02 s; it is still so"]
