"""Breakers in their threads: what waits, what raises, and what is open from the start."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.execution.breakers import watch
from django_safe_migrate.execution.breakers.asking import Functions
from django_safe_migrate.execution.breakers.breaker import Breaker
from django_safe_migrate.execution.breakers.local import StopFile
from django_safe_migrate.execution.stop import Stopped
from tests.databases.conftest import eventually

pytestmark = pytest.mark.vendors("sqlite")


class Failing(Breaker):
    """Raises until it is told not to."""

    fails = True
    looks = 0

    def look(self, database: object) -> str:
        self.looks += 1
        if self.fails:
            raise OSError("no answer")
        return "It is late."


def test_one_that_is_open_from_the_start(configured: Any, watched: Any, tmp_path: Any) -> None:
    file = tmp_path / "stop"
    file.touch()
    began = watched(StopFile(configured("STOP_FILE", str(file)), file))
    with pytest.raises(Stopped):
        began.stop.stand()


def test_nothing_to_look_at(watched: Any) -> None:
    before = threading.active_count()
    began = watched()
    assert threading.active_count() == before
    assert began.watch.end() == {}


def test_a_breaker_that_is_never_answered_is_told_once(configured: Any, watched: Any) -> None:
    breaker = Failing(configured("STOP_FILE", EVERY="100ms"))
    began = watched(breaker)
    assert eventually(lambda: breaker.looks > 2 * watch.UNANSWERED)
    assert [one["message"] for one in began.named(events.NOTICE)] == [
        "Breaker STOP_FILE has had no answer 5 times in a row: OSError: no answer. The run goes on without it."
    ]
    assert not began.stop.is_requested
    breaker.fails = False
    assert eventually(lambda: began.stop.is_requested)
    assert began.watch.end()["blind"].keys() == {"STOP_FILE"}


def test_one_that_hangs_holds_up_no_other(
    configured: Any, watched: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FIRST_LOOK", 0.5)
    monkeypatch.setattr(watch, "LAST_LOOK", 0.5)
    monkeypatch.setattr(watch, "SILENT", 0.5)
    released = threading.Event()
    file = tmp_path / "stop"
    hanging = Functions(
        configured("CALLABLE", "shop.busy"), {"shop.busy": lambda alias: released.wait(60)}, "x"
    )
    try:
        began = watched(hanging, StopFile(configured("STOP_FILE", str(file)), file))
        assert eventually(lambda: len(began.named(events.NOTICE)) == 1)
        assert "CALLABLE has had no answer for" in began.named(events.NOTICE)[0]["message"]
        file.touch()
        assert eventually(lambda: began.stop.is_requested)
        assert "STOP_FILE" in began.stop.reason
    finally:
        released.set()


def test_the_limit_of_a_pause_counts_while_a_look_hangs(
    configured: Any, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LAST_LOOK", 0.5)
    released = threading.Event()
    answers = iter(["many orders"])
    hanging = Functions(
        configured("CALLABLE", PATHS="shop.busy", PAUSE_LIMIT="1s", EVERY="100ms"),
        {"shop.busy": lambda alias: next(answers, None) or released.wait(60)},
        "x",
    )
    try:
        began = watched(hanging)
        assert began.stop.pauses == ("shop.busy: many orders",)
        assert eventually(lambda: began.stop.is_requested)
    finally:
        released.set()


def test_nothing_is_emitted_after_the_end(configured: Any, watched: Any, tmp_path: Any) -> None:
    file = tmp_path / "stop"
    began = watched(
        StopFile(
            configured(
                "STOP_FILE",
                str(file),
            ),
            file,
        )
    )
    began.watch.end()
    count = len(began.events)
    file.touch()
    time.sleep(1.5)
    assert len(began.events) == count
    assert not began.stop.is_requested
