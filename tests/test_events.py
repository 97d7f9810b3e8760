from __future__ import annotations

import datetime
import json

from django_safe_migrate import events
from django_safe_migrate.events import Event


def test_an_event_survives_a_line_of_json() -> None:
    event = Event(
        events.STEP_FINISHED, "run-1", events.timestamp(), {"index": 2, "status": "applied"}
    )
    line = json.dumps(event.to_json())
    assert Event.from_json(json.loads(line)) == event
    assert json.loads(line) == {
        "event": "step_finished",
        "run": "run-1",
        "at": event.at,
        "index": 2,
        "status": "applied",
    }


def test_every_name_is_known() -> None:
    constants = {
        value
        for name, value in vars(events).items()
        if name.isupper() and isinstance(value, str) and name != "NAMES"
    }
    assert constants == events.NAMES


def test_a_timestamp_is_in_utc_with_microseconds() -> None:
    text = events.timestamp()
    moment = datetime.datetime.fromisoformat(text)
    assert moment.utcoffset() == datetime.timedelta(0)
    assert len(text) == len("2026-03-04T12:00:00.000000+00:00")
    assert text <= events.timestamp()
