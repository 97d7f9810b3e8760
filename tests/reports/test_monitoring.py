from __future__ import annotations

import dataclasses
from typing import Any

from django_safe_migrate import events
from django_safe_migrate.databases.activity import Blocker
from django_safe_migrate.reports import build, console, markdown, monitoring, words
from django_safe_migrate.reports.document import Report
from tests.records import Story, succeeded, under_way

BLOCKER = Blocker(
    session="42", user="app", application="web", state="active", query="SELECT ?"
).to_json()
SEEN = {
    "stopped": "",
    "longest_wait_seconds": 0.42,
    "most_waiting": 3,
    "waits": 5,
    "costs": {
        "median_response_seconds": 0.0004,
        "peak_response_seconds": 0.02,
        "peak_machine_cpu_percent": 71.4,
        "log_bytes": 2_000_000,
        "temporary_bytes": 0,
        "peak_replica_lag_seconds": 1.5,
    },
    "pages": [
        {
            "url": "https://shop/",
            "visits": 4,
            "failures": 1,
            "last_failure": "HTTPError: 503",
            "before_seconds": 0.1,
            "during_seconds": None,
            "after_seconds": 0.0005,
        }
    ],
    "blockers": [BLOCKER],
    "ended": [],
    "timeline": [
        {"second": 0.0, "waiting": 0, "longest_wait_seconds": 0.0, "response_seconds": 0.0003},
        {"second": 1.0, "waiting": 3, "longest_wait_seconds": 0.42, "response_seconds": 0.02},
    ],
}


def report(**seen: Any) -> Report:
    story = Story().start().say(events.STAGE_STARTED, stage="execute").step(0)
    detail = {"monitoring": {**SEEN, **seen}, "repeated": {"statement": 2, "migration": 1}}
    story.say(events.STAGE_FINISHED, stage="execute", status="passed", seconds=2.5, detail=detail)
    return build(story.end().record())


def test_the_first_line_says_how_long_others_waited() -> None:
    assert words.headline(report()).endswith("; others waited for it at most 0.42 s")
    quiet = report(longest_wait_seconds=0.0, most_waiting=0)
    assert words.headline(quiet).endswith("; nobody was seen waiting for it")
    assert " wait" not in words.headline(report(longest_wait_seconds=None))


def test_what_is_told_in_the_report() -> None:
    rows = words.all_measurements(report())
    first = next(iter(words.all_measurements(report())))
    assert first == ("Longest wait of others for this run", "0.42 s")
    told = dict(rows)
    assert told["Waits of others for this run"] == "5 waits, at most 3 sessions at once"
    assert told["It had to wait for"] == "session 42 of app (web), active: SELECT ?"
    assert told["Database response time meanwhile"] == "median 400 µs, at most 20.00 ms"
    assert told["Peak load of this machine's processors"] == "71 %"
    assert told["Written to the server's log meanwhile"] == "2.0 MB"
    assert told["Longest lag of a replica"] == "1.50 s"
    assert told["Answers of https://shop/"] == (
        "before 100.00 ms, after 500 µs, 1 failure of 4: HTTPError: 503"
    )
    assert told["Attempts repeated"] == "3"
    assert "Temporary files of the database meanwhile" not in told


def test_the_timeline_is_shown_when_somebody_waited() -> None:
    text = console.render(report())
    assert "Sessions that waited for this run" in text
    assert "1 s     ######################## 3  0.42 s   20.00 ms" in text
    assert "| 1 s | \\#" in markdown.render(report())
    quiet = report(timeline=SEEN["timeline"][:1])  # type: ignore[index]
    assert "Sessions that waited for this run" not in console.render(quiet)


def test_a_monitor_that_stopped_is_told() -> None:
    told = dict(monitoring.measurements(report(stopped="OperationalError: gone").monitoring))
    assert told["Not watched to the end"] == "OperationalError: gone"


def test_a_report_without_a_monitor_says_nothing_of_it() -> None:
    plain = build(succeeded().record())
    assert plain.monitoring is None
    assert list(monitoring.measurements(None)) == list(monitoring.timeline(None)) == []
    watched = report()
    assert Report.from_json(watched.to_json()) == watched


def test_what_is_seen_while_it_goes_on() -> None:
    story = under_way()
    story.say(events.BLOCKED, index=1, seconds=1.2, blockers=[BLOCKER])
    progress = {
        "what": "index i on t",
        "phase": "building",
        "share": 0.25,
        "left_seconds": 125.0,
    }
    news = {"index": 1, "waiting": 2, "longest_wait_now_seconds": 0.5, "longest_wait_seconds": 0.6, "most_waiting": 4, "response_seconds": 0.001, "progress": progress}  # fmt: skip
    story.say(events.MONITORED, **news)
    record = story.record()
    assert monitoring.now(record.monitoring) == (
        "index i on t, building, 25%, about 2 min 05 s left; 2 sessions wait for it, 0.50 s; "
        "waits for session 42 of app (web), active: SELECT ?"
    )
    seen = build(record).monitoring
    assert seen is not None
    assert (seen.longest_wait_seconds, seen.most_waiting) == (0.6, 4)
    story.say(events.STEP_FINISHED, index=1, status="applied", seconds=3.0)
    assert "waits for session" not in monitoring.now(story.record().monitoring)
    assert dataclasses.asdict(story.record())["monitoring"]["waiting"] == 2


def test_a_session_that_was_ended_is_a_notice() -> None:
    blocker = {**BLOCKER, "idle_seconds": 301.0}
    story = under_way().say(events.BLOCKER_ENDED, index=1, blocker=blocker)
    assert story.record().notices == [
        "shop.0003_drop_note: ended session 42 of app (web), idle in its transaction for 301 s, which kept it waiting."
    ]
