from __future__ import annotations

import json

import jsonschema
import pytest

from django_safe_migrate import events
from django_safe_migrate.reports import as_json
from django_safe_migrate.reports.event_fields import LINES, schema
from tests.records import Story, failed, succeeded

OTHERS = {as_json.LOCK_HELD, as_json.PROGRESS, as_json.REPORT}


def test_every_event_is_described_and_nothing_else() -> None:
    assert LINES.keys() == events.NAMES | OTHERS


@pytest.mark.parametrize("story", [succeeded(), failed()], ids=["succeeded", "failed"])
def test_the_events_of_a_run_are_as_described(story: Story) -> None:
    for event in story.events:
        line = json.loads(as_json.event_line(event))
        jsonschema.validate(line, schema())
        assert line.keys() - {"event", "run", "at"} <= {
            field.name for field in LINES[event.name].fields
        }


def test_a_wrong_line_is_refused() -> None:
    line = {"event": "notice", "run": "", "at": ""}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(line, schema())
    jsonschema.validate({**line, "message": "x", "another": 1}, schema())
