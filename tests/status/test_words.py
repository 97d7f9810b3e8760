"""The line of state, in every case that it tells apart."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import pytest

from django_safe_migrate.status.contents import HELD, LockStatus, Progress, RunSummary, Status
from django_safe_migrate.status.words import ago, headline


def before(**passed: float) -> str:
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(**passed)).isoformat()


def run(**values: Any) -> RunSummary:
    blank: dict[str, Any] = {field.name: "" for field in dataclasses.fields(RunSummary)}
    facts = {"seconds": 12.0, "done": 1, "planned": 2, "status": "succeeded", "id": "0123456789"}
    return RunSummary(**{**blank, **facts, "finished_at": before(hours=2.5), **values})


def status(**values: Any) -> Status:
    return Status(**{"database": "default", "server": "PostgreSQL 16.14", "at": "", **values})


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        ({"days": 3}, "3 days ago"),
        ({"hours": 1, "minutes": 59}, "1 hour ago"),
        ({"minutes": 2}, "2 minutes ago"),
        ({}, "just now"),
        ({"hours": -1}, "just now"),
    ],
)
def test_ago(passed: dict[str, float], text: str) -> None:
    assert ago(before(**passed)) == text


def test_ago_of_no_moment() -> None:
    assert ago("") == ""


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "nothing pending, nothing running, no run yet"),
        (
            {"pending": ("a.1", "a.2", "a.3"), "runs": (run(),)},
            "3 pending, nothing running, last run succeeded 2 hours ago",
        ),
        (
            {"runs": (run(status="crashed"),)},
            "nothing pending, nothing running, last run was killed, last seen 2 hours ago",
        ),
        (
            {"runs": (run(status="interrupted"),), "problems": ("One.",)},
            "nothing pending, 1 problem, nothing running, last run was interrupted 2 hours ago",
        ),
        (
            {"unreachable": "Connection refused."},
            "cannot be reached, nothing running, no run yet",
        ),
        (
            {"lock": LockStatus(state=HELD, detail="host a, process 1")},
            "nothing pending, run lock held by host a, process 1, no run yet",
        ),
        (
            {
                "runs": (run(status="running"),),
                "under_way": (
                    Progress(
                        run=run(status="running"),
                        stage="execute",
                        migration="a.1",
                        operation="",
                        attempt=1,
                        seconds=12.0,
                    ),
                ),
            },
            "nothing pending, run 01234567 under way (execute, a.1, 12.0 s), no run before",
        ),
    ],
)
def test_headline(values: dict[str, Any], text: str) -> None:
    # The parameters were made when the tests were collected, which may be an hour ago.
    runs = tuple(
        dataclasses.replace(one, finished_at=before(hours=2.5)) for one in values.get("runs", ())
    )
    assert headline(status(**{**values, "runs": runs})) == f"default (PostgreSQL 16.14): {text}"
