from __future__ import annotations

from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.events import Event
from django_safe_migrate.record import RunRecord, fold, folding
from tests.records import Story

PLAN = [
    {"app_label": "shop", "name": "0001_a", "direction": "forwards", "atomic": True},
    {"app_label": "shop", "name": "0002_b", "direction": "forwards", "atomic": False},
]


def stream(*names_and_payloads: tuple[str, dict[str, Any]]) -> list[Event]:
    return [
        Event(name, "r1", f"2026-01-01T00:00:{second:02d}.000000+00:00", payload)
        for second, (name, payload) in enumerate(names_and_payloads)
    ]


STARTED = (events.RUN_STARTED, {"database": "default", "plan": PLAN, "who": "ann"})
FIRST_DONE = [
    (events.STEP_STARTED, {"index": 0, "attempt": 1}),
    (events.OPERATION_STARTED, {"index": 0, "operation": 0, "description": "Create model A"}),
    (
        events.OPERATION_FINISHED,
        {
            "index": 0,
            "operation": 0,
            "description": "Create model A",
            "seconds": 0.1,
            "statements": [{"sql": "CREATE TABLE a ()", "count": 1, "seconds": 0.1, "rows": None}],
            "tables": ["shop_a"],
        },
    ),
    (events.STEP_FINISHED, {"index": 0, "status": "applied", "seconds": 0.2}),
]


def test_a_whole_run() -> None:
    record = fold(
        stream(
            STARTED,
            *FIRST_DONE,
            (events.RUN_FINISHED, {"status": "succeeded", "exit_code": 0, "error": None}),
        )
    )
    assert record.who == "ann"
    assert [step.status for step in record.steps] == ["applied", "planned"]
    assert record.affected_tables == ["shop_a"]
    assert record.steps[0].operations[0].statements[0].sql == "CREATE TABLE a ()"
    assert record.seconds == 5.0
    assert record.outcome == "success"


def test_a_record_survives_json() -> None:
    record = fold(stream(STARTED, *FIRST_DONE))
    assert RunRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    ("names", "outcome"),
    [
        ([], "failed"),
        (FIRST_DONE, "partial"),
        ([(events.STEP_STARTED, {"index": 0, "attempt": 1})], "failed"),
    ],
)
def test_a_failed_run_is_partial_when_it_changed_something(names: list[Any], outcome: str) -> None:
    end = (events.RUN_FINISHED, {"status": "failed", "exit_code": 7, "error": None})
    assert fold(stream(STARTED, *names, end)).outcome == outcome


def test_a_failed_step_that_is_not_atomic_makes_the_run_partial() -> None:
    begun = (
        events.OPERATION_STARTED,
        {"index": 1, "operation": 0, "description": "Add field b to a"},
    )
    failed = (events.STEP_FINISHED, {"index": 1, "status": "failed", "seconds": 1.0, "error": "E"})
    end = (events.RUN_FINISHED, {"status": "failed", "exit_code": 7, "error": None})
    assert fold(stream(STARTED, begun, failed, end)).is_partial
    assert not fold(stream(STARTED, failed, end)).is_partial


def test_another_attempt_starts_with_no_operations() -> None:
    again = (events.STEP_STARTED, {"index": 0, "attempt": 2})
    record = fold(stream(STARTED, *FIRST_DONE[:3], again))
    assert record.steps[0].attempts == 2
    assert record.steps[0].operations == []


def test_an_operation_under_way_is_not_finished() -> None:
    record = fold(stream(STARTED, *FIRST_DONE[:2]))
    assert [operation.finished for operation in record.steps[0].operations] == [False]


def test_every_event_can_be_applied() -> None:

    assert set(folding._APPLIERS) == events.NAMES


def test_nothing_makes_no_record() -> None:
    with pytest.raises(ValueError, match="at least one event"):
        fold([])


def test_a_breaker_holds_the_plan_while_it_is_open() -> None:
    story = Story().start().say(events.STAGE_STARTED, stage="execute")
    told = {"breaker": "REPLICA_LAG", "action": "pause", "reason": "It is behind."}
    story.say(events.BREAKER_OPENED, **told, paused_seconds=None)
    story.say(events.MONITORED, index=0, waiting=0)
    record = story.record()
    assert record.monitoring["held"] == ["It is behind."]
    assert [(one["breaker"], one["seconds"]) for one in record.breakers] == [("REPLICA_LAG", None)]
    record = story.say(events.BREAKER_CLOSED, breaker="REPLICA_LAG", seconds=7.5).record()
    assert "held" not in record.monitoring
    assert record.breakers[0]["seconds"] == 7.5


def test_a_pause_that_becomes_a_stop() -> None:
    story = Story().start().say(events.STAGE_STARTED, stage="execute")
    told = {"breaker": "REPLICA_LAG", "reason": "It is behind."}
    story.say(events.BREAKER_OPENED, **told, action="pause", paused_seconds=None)
    story.say(events.BREAKER_OPENED, **told, action="stop", paused_seconds=60.0)
    found = [(one["action"], one["seconds"]) for one in story.record().breakers]
    assert found == [("pause", 60.0), ("stop", None)]
    assert "held" not in story.record().monitoring


def test_waiting_before_the_start() -> None:
    story = Story().start().say(events.STAGE_STARTED, stage="preflight")
    reason = {"rule": "long_transaction", "message": "Session 7 is old."}
    story.say(events.WAITING, stage="preflight", seconds=0.0, limit=600.0, reasons=[reason])
    assert story.record().monitoring["held"] == ["Session 7 is old."]
    story.say(
        events.WAITED, stage="preflight", seconds=12.2, rules=["long_transaction"], gave_up=False
    )
    record = story.record()
    assert "held" not in record.monitoring
    assert record.notices == [
        "The run waited 12 seconds in preflight, before anything was touched, for: long_transaction."
    ]
