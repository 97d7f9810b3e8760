"""Journals made by hand, of runs that ended in ways that are hard to bring about, in the folder of a test project."""

from __future__ import annotations

import datetime
import json
import socket
import subprocess
import sys
import uuid
from typing import Any

from tests.projects import Project

DEAD = 1.0
"""A moment before any process began: whatever has the number now, it is not the one of the run."""


def dead_process() -> int:
    """Return the number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def step(label: str, **values: Any) -> dict[str, Any]:
    """Return a planned step as the first event of a run names it."""
    app_label, _, name = label.partition(".")
    return {"app_label": app_label, "name": name, **values}


class HandMade:
    """The journal of one run, written event by event."""

    def __init__(self, project: Project, plan: list[dict[str, Any]], **values: Any) -> None:
        self.id = str(uuid.uuid4())
        folder = project.folder / ".safe_migrate" / "journal"
        folder.mkdir(parents=True, exist_ok=True)
        self._now = values.pop("at", None) or datetime.datetime.now(datetime.UTC)
        name = f"{self._now:%Y%m%dT%H%M%SZ}-default-{self.id}.jsonl"
        self._file = folder / name
        facts = {
            "kind": "migrate",
            "database": "default",
            "host": socket.gethostname(),
            "pid": dead_process(),
            "process_started": DEAD,
            "who": "deployer",
            "command": "manage.py safemigrate --noinput",
            **values,
        }
        self.event("run_started", plan=plan, **facts)

    def event(self, name: str, **payload: Any) -> HandMade:
        """Write one event."""
        self._now += datetime.timedelta(milliseconds=10)
        line = {"event": name, "run": self.id, "at": self._now.isoformat(), **payload}
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return self

    def execute(self, index: int) -> HandMade:
        """Begin the stage and the step."""
        self.event("stage_started", stage="execute")
        return self.event("step_started", index=index, attempt=1)

    def operation(self, index: int, place: int, description: str, *, finished: bool) -> HandMade:
        """Begin an operation, and finish it."""
        about = {"index": index, "operation": place, "description": description}
        self.event("operation_started", **about)
        if finished:
            self.event("operation_finished", **about, seconds=0.1, statements=[], tables=[])
        return self

    def finish(self, status: str, **payload: Any) -> HandMade:
        """End the run."""
        exit_code = 0 if status == "succeeded" else 7
        return self.event("run_finished", status=status, exit_code=exit_code, **payload)
