from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest

from django_safe_migrate import events
from django_safe_migrate.record import RunRecord, fold
from django_safe_migrate.reports import event_fields
from django_safe_migrate.reports.terminal import Terminal
from django_safe_migrate.status import watching
from tests.records import Story

BLOCKER = {"session": "77", "user": "web", "application": "shop", "state": "active"}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunRecord]:
    """Let a watcher see what a run was after so many of its events, one look after the other."""
    monkeypatch.setattr(watching, "_has_journal_here", lambda record: True)

    def see(story: Story, *counts: int) -> RunRecord:
        def follow(record: RunRecord, interval: float = 0.0) -> Iterator[RunRecord]:
            yield from (fold(story.events[:count]) for count in counts)

        monkeypatch.setattr(watching, "follow", follow)
        return fold(story.events[:1])

    return see


def a_run() -> Story:
    about = {"index": 0, "operation": 0, "description": "Add field total to order"}
    story = Story().start().say(events.STAGE_STARTED, stage="execute")
    story.say(events.STEP_STARTED, index=0, attempt=1).say(events.OPERATION_STARTED, **about)
    story.say(events.BLOCKED, index=0, seconds=1.0, blockers=[BLOCKER])
    story.say(events.OPERATION_FINISHED, **about, seconds=1.0, statements=[], tables=[])
    story.say(events.STEP_FINISHED, index=0, status="applied", seconds=1.0)
    return story.fail()


def written(record: RunRecord) -> str:
    stream = io.StringIO()
    watching.watch(record, Terminal(stream, moves=False, is_colored=False))
    return stream.getvalue()


def test_lines_for_every_change_and_none_for_none(looks: Callable[..., RunRecord]) -> None:
    story = a_run()
    every = len(story.events)
    lines = written(looks(story, 3, 4, 4, 4, 5, 7, every)).splitlines()
    assert lines[0].startswith(
        f"migrate {story.run_id} on default (PostgreSQL 16.14), by deploy on "
    )
    told = [line.split("  ", 1)[1].lstrip() for line in lines[1:-1]]
    operation = "shop.0002_order_total  Add field total to order"
    assert [line.partition("execute  ")[2] for line in told] == [
        "0 of 2 migrations  shop.0002_order_total",
        f"0 of 2 migrations  {operation}",
        f"0 of 2 migrations  {operation}  waits for session 77 of web (shop), active",
        "1 of 2 migrations",
    ]


def test_the_exit_status_of_the_run_is_told(looks: Callable[..., RunRecord]) -> None:
    story = a_run()
    last = written(looks(story, 4, len(story.events))).splitlines()[-1]
    assert last.startswith(f"Run {story.run_id} failed after ")
    assert (
        " with exit status 7: 1 of 2 migrations. Applying shop.0003_drop_note failed: boom" in last
    )


def test_a_run_of_another_machine_says_what_is_not_seen(
    looks: Callable[..., RunRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    story = a_run()
    record = looks(story, 4, len(story.events))
    monkeypatch.setattr(watching, "_has_journal_here", lambda record: False)
    assert "comes from the history, which is written between migrations" in written(record)


def json_lines(record: RunRecord | None) -> list[dict[str, Any]]:
    stream = io.StringIO()
    watching.watch_as_json(record, stream)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    for line in lines:
        jsonschema.validate(line, event_fields.schema())
    return lines


def test_as_json_every_change_is_a_line_and_the_report_the_last(
    looks: Callable[..., RunRecord],
) -> None:
    story = a_run()
    *lines, last = json_lines(looks(story, 4, 5, 7, len(story.events)))
    assert [line["event"] for line in lines] == ["progress"] * 3
    assert {line["run"] for line in [*lines, last]} == {story.run_id}
    assert lines[1]["progress"]["monitoring"]["blockers"] == [BLOCKER]
    assert lines[2]["progress"]["run"]["done"] == 1
    assert (last["exit_code"], last["failure"]["type"]) == (7, "MigrationFailed")
    assert last["report"]["run"]["id"] == story.run_id


def test_as_json_without_a_run_there_is_one_line() -> None:
    [line] = json_lines(None)
    assert (line["event"], line["exit_code"], line["report"]) == ("report", None, None)
