from __future__ import annotations

import datetime
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import StatusCode

from django_safe_migrate import events
from tests.records import Story, failed, succeeded
from tests.tracing.conftest import Traced

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
BLOCKER = {
    "session": "77",
    "user": "web",
    "application": "shop",
    "state": "idle in transaction",
    "query": "SELECT secret FROM shop_order",
}


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


def moment(story: Story, name: str) -> int:
    """The moment of the first event of that name, in nanoseconds."""
    at = next(event.at for event in story.events if event.name == name)
    return int(datetime.datetime.fromisoformat(at).timestamp() * 1000) * 1_000_000


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return {
        name.removeprefix("safe_migrate."): value for name, value in (span.attributes or {}).items()
    }


def happened(span: ReadableSpan) -> dict[str, dict[str, Any]]:
    return {
        event.name: {
            name.removeprefix("safe_migrate."): value
            for name, value in (event.attributes or {}).items()
        }
        for event in span.events
    }


def test_a_run_is_one_trace_of_stages_migrations_and_operations(traced: Traced) -> None:
    story = succeeded()
    spans = traced(story)
    run = spans["migrate default"]
    assert len({span.context.trace_id for span in spans.values() if span.context}) == 1
    assert run.parent is None
    for stage in ("preflight", "backup", "execute", "verify"):
        assert parent_of(spans[stage]) == id_of(run)
    for step in ("shop.0002_order_total", "shop.0003_drop_note"):
        assert parent_of(spans[step]) == id_of(spans["execute"])
    assert parent_of(spans["Alter table"]) == id_of(spans["shop.0003_drop_note"])
    assert {span.status.status_code for span in spans.values()} == {StatusCode.UNSET}


def test_spans_begin_and_end_when_the_events_say(traced: Traced) -> None:
    story = succeeded()
    spans = traced(story)
    run, first = spans["migrate default"], spans["preflight"]
    assert (run.start_time, run.end_time) == (
        moment(story, events.RUN_STARTED),
        moment(story, events.RUN_FINISHED),
    )
    assert (first.start_time, first.end_time) == (
        moment(story, events.STAGE_STARTED),
        moment(story, events.STAGE_FINISHED),
    )


def test_what_the_run_was(traced: Traced) -> None:
    story = succeeded()
    told = attributes(traced(story)["migrate default"])
    assert told == {
        "run": story.run_id,
        "kind": "migrate",
        "database": "default",
        "db.system.name": "postgresql",
        "server": "PostgreSQL 16.14",
        "release": "v42",
        "migrations": 2,
        "migrations_done": 2,
        "status": "succeeded",
        "outcome": "success",
        "exit_code": 0,
    }


def test_an_operation_tells_how_many_statements_and_not_which(traced: Traced) -> None:
    spans = traced(succeeded())
    told = attributes(spans["Alter table"])
    assert (told["statements"], told["statement_seconds"]) == (3, 0.4)
    assert told["tables"] == ("shop_order",)
    everything = str([(span.attributes, happened(span)) for span in spans.values()])
    assert "ALTER TABLE" not in everything
    assert "UPDATE" not in everything


def test_findings_and_the_backup_are_events(traced: Traced) -> None:
    spans = traced(succeeded())
    assert happened(spans["preflight"])["finding"]["rule"] == "drop_column"
    assert happened(spans["backup"])["backup"]["size"] > 0


def test_a_failure_marks_what_failed_and_what_it_is_in(traced: Traced) -> None:
    spans = traced(failed())
    run, step = spans["migrate default"], spans["shop.0003_drop_note"]
    assert (step.status.status_code, step.status.description) == (StatusCode.ERROR, "boom")
    assert spans["execute"].status.status_code is StatusCode.ERROR
    assert spans["shop.0002_order_total"].status.status_code is StatusCode.UNSET
    assert run.status.description == "Applying shop.0003_drop_note failed: boom"
    assert attributes(run)["exit_code"] == 7
    assert attributes(run)["error.type"] == "MigrationFailed"


def under_a_lock() -> Story:
    """A migration whose operation waits, is tried again, and keeps others waiting."""
    story = Story().start().say(events.STAGE_STARTED, stage="execute")
    story.say(events.STEP_STARTED, index=0, attempt=1)
    about = {"index": 0, "operation": 0, "description": "Add field"}
    story.say(events.OPERATION_STARTED, **about)
    story.say(events.BLOCKED, index=0, seconds=1.2, blockers=[BLOCKER])
    story.say(
        events.ATTEMPT_FAILED,
        index=0,
        attempt=1,
        error="LockNotAvailable",
        wait=0.5,
        scope="statement",
        blockers=[BLOCKER],
    )
    for waiting in (3, 1):
        story.say(
            events.MONITORED,
            index=0,
            waiting=waiting,
            longest_wait_now_seconds=waiting / 2,
            longest_wait_seconds=1.5,
            most_waiting=3,
            response_seconds=0.001,
            progress=None,
        )
    story.say(events.OPERATION_FINISHED, **about, seconds=2.0, statements=[], tables=[])
    return story.say(events.STEP_FINISHED, index=0, status="applied", seconds=2.0).end()


def test_waits_and_attempts_are_told_without_what_others_executed(traced: Traced) -> None:
    span = traced(under_a_lock())["Add field"]
    seen = happened(span)
    assert seen["blocked"]["waited_seconds"] == 1.2
    who = "session 77 of web (shop), idle in transaction"
    assert seen["blocked"]["blockers"] == seen["attempt failed"]["blockers"] == (who,)
    assert seen["attempt failed"]["exception.message"] == "LockNotAvailable"
    told = attributes(span)
    assert (told["failed_attempts"], told["most_waiting"], told["longest_wait_seconds"]) == (
        1,
        3,
        1.5,
    )
    assert "secret" not in str(seen)


def test_operations_that_never_ended_end_with_the_run(traced: Traced) -> None:
    story = Story().start().say(events.STAGE_STARTED, stage="execute")
    story.say(events.STEP_STARTED, index=0, attempt=1)
    story.say(events.OPERATION_STARTED, index=0, operation=0, description="Add field")
    error = {"type": "Interrupted", "message": "The run was stopped by SIGTERM."}
    spans = traced(story.end("interrupted", 143, error))
    for name in ("Add field", "shop.0002_order_total", "execute", "migrate default"):
        assert spans[name].status.description == "The run was stopped by SIGTERM."


def test_another_attempt_at_a_migration_belongs_to_its_span(traced: Traced) -> None:
    story = Story().start().say(events.STAGE_STARTED, stage="execute")
    story.say(events.STEP_STARTED, index=0, attempt=1)
    story.say(events.OPERATION_STARTED, index=0, operation=0, description="First try")
    story.say(events.ATTEMPT_FAILED, index=0, attempt=1, error="no lock", wait=0.1)
    story.step(0).end()
    spans = traced(story)
    assert spans["First try"].status.status_code is StatusCode.ERROR
    assert parent_of(spans["Alter table"]) == id_of(spans["shop.0002_order_total"])
    assert "attempt" in happened(spans["shop.0002_order_total"])


def test_a_migration_undone_after_the_failure_is_told_by_the_run(traced: Traced) -> None:
    story = Story().start().execute(0)
    story.say(events.STEP_FINISHED, index=0, status="reverted", seconds=0.5)
    spans = traced(story.end("failed", 7))
    assert (
        happened(spans["migrate default"])["migration reverted"]["migration"]
        == "shop.0002_order_total"
    )


def test_the_environment_names_the_parent(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{TRACE}-{PARENT}-01")
    run = traced(succeeded())["migrate default"]
    assert run.context is not None
    assert f"{run.context.trace_id:032x}" == TRACE
    assert f"{parent_of(run):016x}" == PARENT


@pytest.mark.parametrize("value", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01"])
def test_a_parent_that_makes_no_sense_is_none(
    traced: Traced, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("TRACEPARENT", value)
    assert traced(succeeded())["migrate default"].parent is None


def test_a_span_that_is_open_already_is_the_parent(
    traced: Traced, provider: TracerProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{TRACE}-{PARENT}-01")
    with provider.get_tracer("project").start_as_current_span("deploy") as outer:
        run = traced(succeeded())["migrate default"]
        assert parent_of(run) == outer.get_span_context().span_id
        assert trace.get_current_span() is outer
