"""
The report as JSON, for programs, and the lines of JSON that are written while a run goes on; their form is documented and has a version.

A line is one object without a line break in it. The lines of a run are its events, as its journal has them, and the last one is the
``report``: it tells how the command ends, whatever happened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django_safe_migrate.events import Event
from django_safe_migrate.reports.document import Report

#: The JSON Schema of the document, shipped with the package.
SCHEMA_FILE = Path(__file__).parent / "report.schema.json"

#: Lines that are no events of a run: another run holds the run lock and is waited for; how far a run is that is watched; and the last one.
LOCK_HELD = "run_lock_held"
PROGRESS = "progress"
REPORT = "report"


def render(report: Report) -> str:
    """Return the report as JSON text, ending with a newline."""
    return json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    loaded: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded


def line(name: str, run_id: str, at: str, told: Mapping[str, Any]) -> str:
    """Return one line, ending with a newline; in ASCII, which every output can write."""
    return json.dumps({"event": name, "run": run_id, "at": at, **told}, default=str) + "\n"


def event_line(event: Event) -> str:
    """Return the line of an event."""
    return line(event.name, event.run_id, event.at, event.payload)


def report_line(
    document: Mapping[str, Any] | None,
    at: str,
    exit_code: int | None,
    failure: Mapping[str, str] | None,
) -> str:
    """
    Return the last line.

    Args:
        document: the report as plain data; None when there was no run to report.
        at: the present moment, ISO 8601 in UTC.
        exit_code: the exit status of the command that carries the run out; None when it has none.
        failure: why it did not succeed, with the keys of the report's ``failure``.
    """
    run_id = ((document or {}).get("run") or {}).get("id", "")
    told = {"exit_code": exit_code, "failure": failure, "report": document}
    return line(REPORT, run_id, at, told)
