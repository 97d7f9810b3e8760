"""A monitor whose questions a busy server does not answer in time, or whose looks fail."""

from __future__ import annotations

from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.databases.activity import Wait
from django_safe_migrate.databases.postgresql.database import PostgreSQLDatabase
from django_safe_migrate.execution.monitoring.monitor import Monitor
from tests.databases.conftest import eventually
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults

pytestmark = pytest.mark.vendors("postgresql")


def answer_late(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Let the server cancel so many questions, for they take too long; the list has as many entries as were asked."""
    asked: list[int] = []
    waits = PostgreSQLDatabase.waits

    def late(self: PostgreSQLDatabase, session: str) -> tuple[Wait, ...]:
        asked.append(1)
        if len(asked) <= times:
            self.ask("SELECT set_config('statement_timeout', %s, false)", ["50ms"])
            self.ask("SELECT pg_sleep(%s)", [5])
        self.bound_questions()
        return waits(self, session)

    monkeypatch.setattr(PostgreSQLDatabase, "waits", late)
    return asked


def test_it_asks_again(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier.to("0006_work")
    asked = answer_late(monkeypatch, times=2)

    def work(apps: Any, schema_editor: Any) -> None:
        assert eventually(lambda: bool(carrier.named(events.MONITORED)))

    faults.on_run["task"] = work
    with carrier.watched() as seen:
        carrier.to("0007_task")
    assert len(asked) > 2
    assert seen["stopped"] == ""
    assert carrier.named(events.NOTICE) == []


def test_it_stops_when_nothing_is_answered(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier.to("0006_work")
    answer_late(monkeypatch, times=1000)

    def work(apps: Any, schema_editor: Any) -> None:
        assert eventually(lambda: bool(carrier.named(events.NOTICE)))

    faults.on_run["task"] = work
    with carrier.watched() as seen:
        carrier.to("0007_task")
    assert carrier.applied()[-1] == "0007_task"
    assert "statement timeout" in seen["stopped"]


def fail(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Let so many looks meet something that has gone while they looked; the list has as many entries as there were looks."""
    looks: list[int] = []
    waits = PostgreSQLDatabase.waits

    def gone(self: PostgreSQLDatabase, session: str) -> tuple[Wait, ...]:
        looks.append(1)
        if len(looks) <= times:
            missing: Any = None
            return missing.name
        return waits(self, session)

    monkeypatch.setattr(PostgreSQLDatabase, "waits", gone)
    return looks


def test_a_look_that_fails_is_passed_over(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    carrier.to("0006_work")
    looks = fail(monkeypatch, times=1)

    def work(apps: Any, schema_editor: Any) -> None:
        assert eventually(lambda: bool(carrier.named(events.MONITORED)))

    faults.on_run["task"] = work
    with carrier.watched() as seen:
        carrier.to("0007_task")
    assert len(looks) > 1
    assert seen["stopped"] == ""
    assert carrier.named(events.NOTICE) == []
    [told] = [one for one in caplog.records if "A look of the monitor failed" in one.message]
    assert told.exc_info is not None


def test_looks_that_go_on_failing_end_the_monitor_and_say_where(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier.to("0006_work")
    fail(monkeypatch, times=1000)

    def work(apps: Any, schema_editor: Any) -> None:
        assert eventually(lambda: bool(carrier.named(events.NOTICE)))

    faults.on_run["task"] = work
    with carrier.watched() as seen:
        carrier.to("0007_task")
    assert carrier.applied()[-1] == "0007_task"
    assert "no attribute 'name' (in gone of test_unanswered.py, line " in seen["stopped"]


def test_a_look_sees_one_step_and_not_half_of_the_next(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier.to("0006_work")
    waits = PostgreSQLDatabase.waits
    begun: list[int] = []

    def next_step_meanwhile(self: PostgreSQLDatabase, session: str) -> tuple[Wait, ...]:
        assert isinstance(carrier.monitor, Monitor)
        if not begun:
            begun.append(1)
            monkeypatch.setattr(carrier.database, "session_id", lambda: "4711")
            carrier.monitor.begin_step(7, 1.0)
        return waits(self, session)

    monkeypatch.setattr(PostgreSQLDatabase, "waits", next_step_meanwhile)
    faults.on_run["task"] = lambda apps, editor: eventually(
        lambda: len(carrier.named(events.MONITORED)) > 1
    )
    with carrier.watched():
        carrier.to("0007_task")
    assert [one["index"] for one in carrier.named(events.MONITORED)[:2]] == [0, 7]
