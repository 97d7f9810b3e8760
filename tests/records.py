"""Records of runs, folded from the events that a real run emits, for the tests of what reads them."""

from __future__ import annotations

import datetime
import os
import socket
import uuid
from collections.abc import Iterator
from typing import Any

from django_safe_migrate import events
from django_safe_migrate.events import Event
from django_safe_migrate.record import RunRecord, StepRecord, fold

START = datetime.datetime(2026, 3, 4, 12, 0, 0, tzinfo=datetime.UTC)

RECEIPT = {
    "name": "default-web1-2026-03-04-120000.psql.bin",
    "database": "default",
    "size": 12_345_678,
    "sha256": "ab" * 32,
    "created_at": "2026-03-04T12:00:01.000000+00:00",
    "verified_at": "2026-03-04T12:00:02.000000+00:00",
    "verification": "read back and restored",
    "storage": "FileSystemStorage",
    "applied_migrations": ["shop.0001_initial"],
}

FINDING = {
    "rule": "drop_column",
    "severity": "warning",
    "message": "`shop_order`: the column `note` and its 12 values are lost.",
    "hint": "Stop using the column one release earlier.",
    "migration": "shop.0003_drop_note",
    "operation": "Remove field note from order",
    "file": "/srv/shop/migrations/0003_drop_note.py",
    "line": 12,
    "tables": ["shop_order"],
    "allowed": False,
    "estimate": None,
}

PLAN = [
    {"app_label": "shop", "name": "0002_order_total", "direction": "forwards", "atomic": True},
    {
        "app_label": "shop",
        "name": "0003_drop_note",
        "direction": "forwards",
        "atomic": True,
        "lossy": ["shop_order.note: the 12 values in it"],
    },
]


class Story:
    """The events of one run, in the order that a run emits them; each method adds some and returns the story."""

    def __init__(self, run_id: str = "", *, started: datetime.datetime = START) -> None:
        self.run_id = run_id or str(uuid.uuid4())
        self.events: list[Event] = []
        self._now = started

    def say(self, name: str, after: float = 0.5, **payload: Any) -> Story:
        self.events.append(
            Event(name, self.run_id, self._now.isoformat(timespec="microseconds"), payload)
        )
        self._now += datetime.timedelta(seconds=after)
        return self

    def start(self, **facts: Any) -> Story:
        told = {
            "kind": "migrate",
            "database": "default",
            "vendor": "postgresql",
            "server": "PostgreSQL 16.14",
            "who": "deploy",
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "command": "manage.py safemigrate --noinput",
            "release": "v42",
            "versions": {"python": "3.13.1", "django": "6.1.3", "django_safe_migrate": "0.1.0"},
            "fingerprint": "cd" * 32,
            "options": {"database": "default", "backup": "always", "allow": []},
            "rollback_of": "",
            "applied_before": ["shop.0001_initial"],
            "plan": PLAN,
        }
        return self.say(events.RUN_STARTED, **{**told, **facts})

    def preflight(self, *findings: dict[str, Any]) -> Story:
        self.say(events.STAGE_STARTED, stage="preflight")
        for finding in findings:
            self.say(events.FINDING_NOTICED, stage="preflight", finding=finding)
        return self.say(
            events.STAGE_FINISHED,
            stage="preflight",
            status="passed",
            seconds=0.25,
            detail={"findings": len(findings)},
        )

    def backup(self, receipt: dict[str, Any] = RECEIPT) -> Story:
        self.say(events.STAGE_STARTED, stage="backup")
        self.say(events.BACKUP_CREATED, receipt=receipt)
        detail = {"reason": "Backup before every run.", "name": receipt["name"]}
        return self.say(
            events.STAGE_FINISHED, stage="backup", status="passed", seconds=1.5, detail=detail
        )

    def step(self, index: int, *, status: str = "applied", **about: Any) -> Story:
        told = {"index": index, "operation": 0, "description": "Alter table", **about}
        self.say(events.STEP_STARTED, index=index, attempt=1)
        self.say(events.OPERATION_STARTED, **told)
        statements = [{"sql": 'ALTER TABLE "shop_order" ADD "total" integer', "count": 1, "seconds": 0.1, "rows": None},
                      {"sql": 'UPDATE "shop_order" SET "total" = %s', "count": 2, "seconds": 0.3, "rows": 1200}]  # fmt: skip
        self.say(
            events.OPERATION_FINISHED,
            **told,
            seconds=0.45,
            statements=statements,
            tables=["shop_order"],
        )
        return self.say(events.STEP_FINISHED, index=index, status=status, seconds=0.5)

    def execute(self, *indexes: int) -> Story:
        self.say(events.STAGE_STARTED, stage="execute")
        for index in indexes:
            self.step(index)
        detail = {
            "response_seconds_before": 0.002,
            "response_seconds_after": 0.003,
            "resources": {"peak_rss_bytes": 90_000_000, "cpu_seconds": 1.25},
        }
        return self.say(
            events.STAGE_FINISHED, stage="execute", status="passed", seconds=2.5, detail=detail
        )

    def verify(self) -> Story:
        self.say(events.STAGE_STARTED, stage="verify")
        check = {"name": "schema", "looked_at": "14 tables", "seconds": 0.05, "findings": 0}
        return self.say(
            events.STAGE_FINISHED,
            stage="verify",
            status="passed",
            seconds=0.25,
            detail={"checks": [check]},
        )

    def end(
        self, status: str = "succeeded", exit_code: int = 0, error: dict[str, str] | None = None
    ) -> Story:
        return self.say(events.RUN_FINISHED, status=status, exit_code=exit_code, error=error)

    def fail(self, message: str = "Applying shop.0003_drop_note failed: boom") -> Story:
        """End the run at its second step, whose transaction was rolled back."""
        self.say(events.STEP_STARTED, index=1, attempt=1)
        self.say(events.STEP_FINISHED, index=1, status="failed", seconds=0.1, error="boom")
        self.say(events.STAGE_FINISHED, stage="execute", status="failed", seconds=1.0, detail={})
        error = {
            "type": "MigrationFailed",
            "message": message,
            "changed": "The database was changed: 1 of 2 planned migrations are applied.",
            "next_command": f"migrate_rollback --run {self.run_id}",
        }
        return self.end("failed", 7, error)

    def record(self) -> RunRecord:
        return fold(self.events)


def succeeded(run_id: str = "", *, started: datetime.datetime = START, **facts: Any) -> Story:
    """A run of two migrations with a backup and a warning."""
    return (
        Story(run_id, started=started)
        .start(**facts)
        .preflight(FINDING)
        .backup()
        .execute(0, 1)
        .verify()
        .end()
    )


def failed(run_id: str = "", *, started: datetime.datetime = START, **facts: Any) -> Story:
    """A run whose first migration is applied and whose second one failed."""
    story = (
        Story(run_id, started=started)
        .start(**facts)
        .preflight(FINDING)
        .backup()
        .say(events.STAGE_STARTED, stage="execute")
    )
    return story.step(0).fail()


def under_way(run_id: str = "", *, started: datetime.datetime | None = None, **facts: Any) -> Story:
    """A run in the midst of its second migration, by default of this very process."""
    moment = started or datetime.datetime.now(datetime.UTC)
    story = (
        Story(run_id, started=moment)
        .start(**facts)
        .say(events.STAGE_STARTED, stage="execute")
        .step(0)
    )
    return story.say(events.STEP_STARTED, index=1, attempt=1)


def with_steps(count: int) -> RunRecord:
    """A run of so many migrations, each with SQL of its own."""
    plan = [{"app_label": "shop", "name": f"{number:04}_change"} for number in range(count)]
    return (
        Story().start(plan=plan).preflight().backup().execute(*range(count)).verify().end().record()
    )


def steps(iterable: Iterator[StepRecord] | list[StepRecord]) -> list[tuple[str, str]]:
    """Labels and statuses."""
    return [(step.label, step.status) for step in iterable]
