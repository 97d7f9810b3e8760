from __future__ import annotations

import datetime
from typing import Any

from django_safe_migrate import events
from django_safe_migrate.record import fold
from django_safe_migrate.reports.progress import RunProgress, progress_of
from tests.records import START, Story

PLAN = [{"app_label": "shop", "name": f"{number:04}"} for number in (1, 2, 3)]
BLOCKER = {"session": "77", "user": "web", "state": "idle in transaction", "idle_seconds": 30.0}


def forecast(seconds: float | None = None, **told: Any) -> dict[str, Any]:
    estimate = None if seconds is None else {"seconds": seconds}
    return {"estimate": estimate, "unknown": [], "functions": 0, **told}


def begun(*forecasts: dict[str, Any]) -> Story:
    """A run of three migrations of which these forecasts were made, at the beginning of its first one, 12:00:00."""
    told = {f"shop.{step['name']}": one for step, one in zip(PLAN, forecasts, strict=False)}
    story = Story().start(plan=PLAN).say(events.STAGE_STARTED, 0, stage="preflight")
    detail = {"forecasts": told}
    story.say(
        events.STAGE_FINISHED, 0, stage="preflight", status="passed", seconds=0.1, detail=detail
    )
    story.say(events.STAGE_STARTED, 0, stage="execute")
    story.events[0] = Story(story.run_id).start(plan=PLAN).events[0]
    return story


def step(story: Story, index: int, seconds: float | None = None) -> Story:
    """Begin a migration, and let it end after so many seconds."""
    story.say(events.STEP_STARTED, seconds or 0, index=index, attempt=1)
    if seconds is not None:
        story.say(events.STEP_FINISHED, 0, index=index, status="applied", seconds=seconds)
    return story


def at(story: Story, seconds: float) -> RunProgress:
    """The progress so many seconds after the last event."""
    record = fold(story.events)
    last = datetime.datetime.fromisoformat(story.events[-1].at)
    return progress_of(record, last + datetime.timedelta(seconds=seconds))


def test_where_every_migration_has_an_estimate_seconds_count() -> None:
    story = step(begun(forecast(60), forecast(30), forecast(10)), 0)
    now = at(story, 20)
    assert now.migration == "shop.0001"
    assert (now.done, now.planned) == (0, 3)
    assert now.share is not None
    assert round(now.share, 2) == 0.2
    assert now.left_seconds == 80.0
    assert now.left == "about 1 min left"


def test_without_all_estimates_the_number_counts_and_nothing_is_said_of_the_end() -> None:
    unknown = forecast(unknown=[{"part": "RunPython", "reason": "?"}], functions=1)
    story = step(step(begun(forecast(1), unknown, forecast(10)), 0, 1.0), 1)
    now = at(story, 600)
    assert now.share == 1 / 3
    assert (now.left_seconds, now.left, now.is_overdue) == (None, "", False)


def test_of_one_migration_what_is_known_of_it_is_said() -> None:
    unknown = forecast(unknown=[{"part": "RunPython", "reason": "?"}], functions=1)
    now = at(step(begun(forecast(40), unknown, unknown), 0), 10)
    assert now.left_seconds is None
    assert now.left == "about 30 s left of this migration"


def test_what_changes_no_row_takes_no_time() -> None:
    now = at(step(begun(forecast(20), forecast(), forecast()), 0), 5)
    assert now.left_seconds == 15.0


def test_an_estimate_that_nobody_could_make_is_not_none_at_all() -> None:
    for work in ({"rewrites": ["t"]}, {"writes": ["t"]}, {"waits_for_transactions": True}):
        now = at(step(begun(forecast(20), forecast(None, **work), forecast()), 0), 5)
        assert now.left_seconds is None


def test_plans_of_an_instant_have_no_estimate() -> None:
    now = at(step(begun(forecast(0.2), forecast(0.1), forecast(0.3)), 0), 0.1)
    assert (now.share, now.left) == (0.0, "")


def test_a_first_install_has_no_forecasts() -> None:
    now = at(step(step(begun(), 0, 0.1), 1), 1)
    assert (now.share, now.left) == (1 / 3, "")


def test_longer_than_estimated_is_said_and_no_end_invented() -> None:
    story = step(begun(forecast(60), forecast(30), forecast(10)), 0)
    assert at(story, 62).is_overdue is False
    late = at(story, 90)
    assert (late.is_overdue, late.left_seconds) == (True, None)
    assert late.left == "longer than estimated (about 1 min)"
    assert late.share is not None
    assert late.share < 0.6


def test_a_short_one_is_not_late_after_a_moment() -> None:
    story = step(begun(forecast(0.1), forecast(30), forecast(10)), 0)
    assert at(story, 4).is_overdue is False
    assert at(story, 6).is_overdue is True


def monitored(story: Story, index: int = 0, **told: Any) -> Story:
    news = {
        "index": index,
        "waiting": 0,
        "longest_wait_now_seconds": 0.0,
        "longest_wait_seconds": 0.0,
        "most_waiting": 0,
        "response_seconds": 0.001,
        "progress": None,
        **told,
    }
    return story.say(events.MONITORED, 0, **news)


def test_the_server_knows_better_how_long_a_statement_takes() -> None:
    told = {"what": "index i on t", "phase": "scanning", "share": 0.5, "left_seconds": 90.0}
    story = monitored(step(begun(forecast(60), forecast(30), forecast(10)), 0), progress=told)
    now = at(story, 50)
    assert now.left_seconds == 130.0
    assert now.statement == "50%, about 2 min left of this phase: index i on t, scanning"


def test_the_pace_of_what_is_done_counts_for_the_rest() -> None:
    story = step(step(begun(forecast(10), forecast(30), forecast(10)), 0, 20.0), 1)
    assert at(story, 10).left_seconds == 70.0


def test_who_waits_and_for_whom() -> None:
    story = monitored(
        step(begun(), 0), waiting=3, longest_wait_now_seconds=1.25, longest_wait_seconds=1.25
    )
    story.say(events.BLOCKED, 0, index=0, seconds=1.0, blockers=[BLOCKER, BLOCKER])
    now = at(story, 1)
    assert now.waiting == "3 sessions wait for it, up to 1.25 s"
    assert now.blocked == "waits for session 77 of web, idle in transaction for 30.0 s, and 1 more"
    assert list(now.meanwhile) == [now.waiting, now.blocked]


def test_what_was_seen_of_another_migration_is_forgotten() -> None:
    told = {"what": "index i on t", "phase": "", "share": 0.5, "left_seconds": None}
    story = monitored(step(begun(), 0), waiting=3, progress=told)
    story.say(events.STEP_FINISHED, 0, index=0, status="applied", seconds=1.0)
    now = at(step(story, 1), 1)
    assert (now.waiting, now.statement) == ("", "")


def test_attempts_are_counted_until_one_succeeds() -> None:
    story = step(begun(), 0)
    about = {"index": 0, "operation": 0, "description": "Add field"}
    story.say(events.OPERATION_STARTED, 0, **about)
    story.say(
        events.ATTEMPT_FAILED, 0, index=0, attempt=2, error="timeout", wait=1.0, scope="statement"
    )
    monitored(story)
    now = at(story, 1)
    assert (now.operation, now.again) == ("Add field", "attempt 3 at the statement")
    story.say(events.OPERATION_FINISHED, 0, **about, seconds=1.0, statements=[], tables=[])
    assert at(story, 1).again == ""


def test_a_clock_that_is_ahead_is_no_negative_time() -> None:
    story = step(begun(forecast(60), forecast(30), forecast(10)), 0)
    now = at(story, -3600)
    assert (now.seconds, now.migration_seconds) == (0.0, 0.0)


def test_before_the_plan_is_carried_out_there_is_no_share() -> None:
    story = Story(started=START).start().say(events.STAGE_STARTED, stage="backup")
    now = at(story, 5)
    assert (now.stage, now.share, now.left) == ("backup", None, "")


def test_what_holds_the_run_is_told() -> None:
    story = step(begun(), 0)
    opened = {"breaker": "REPLICA_LAG", "action": "pause", "reason": "A replica lags."}
    story.say(events.BREAKER_OPENED, 0, **opened, paused_seconds=None)
    assert list(at(story, 1).meanwhile) == ["held: A replica lags."]
    story.say(events.BREAKER_CLOSED, 0, breaker="REPLICA_LAG", seconds=3.0)
    assert list(at(story, 1).meanwhile) == []
