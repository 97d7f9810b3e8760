"""What one breaker makes of a plan, by a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.execution.breakers.guard import Guard, Sparing
from django_safe_migrate.execution.breakers.local import StopFile
from django_safe_migrate.execution.stop import Stop, Stopped


class Guarded:
    """A guard with its stop, the events that it emitted, and how often a statement was cancelled."""

    def __init__(self, settings: Any) -> None:
        self.now = 100.0
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.cancelled = 0
        self.cancel = Sparing(self._cancel)
        self.stop = Stop()
        self.guard = Guard(
            StopFile(settings, Path("stop")),
            self.stop,
            lambda name, **payload: self.events.append((name, payload)),
            self.cancel,
            lambda: self.now,
        )

    def _cancel(self) -> None:
        self.cancelled += 1


@pytest.fixture
def guarded(configured: Any) -> Callable[..., Guarded]:
    return lambda **keys: Guarded(configured("STOP_FILE", **keys))


def test_a_pause_and_its_end(guarded: Callable[..., Guarded]) -> None:
    one = guarded(ACTION="pause")
    one.guard.told("")
    assert one.events == []
    one.guard.told("It is late.")
    one.guard.told("It is later.")
    assert one.stop.pauses == ("It is late.",)
    one.now += 7
    one.guard.told("")
    assert one.stop.pauses == ()
    opened = {"breaker": "STOP_FILE", "action": "pause", "reason": "It is late."}
    assert one.events == [
        (events.BREAKER_OPENED, {**opened, "paused_seconds": None}),
        (events.BREAKER_CLOSED, {"breaker": "STOP_FILE", "seconds": 7.0}),
    ]
    (opening,) = one.guard.end()
    assert opening == {**opened, "at": opening["at"], "seconds": 7.0}
    one.stop.check()


def test_a_stop(guarded: Callable[..., Guarded]) -> None:
    one = guarded(ACTION="stop")
    one.guard.told("It is late.")
    one.guard.told("")
    one.guard.told("It is late again.")
    assert one.stop.reason == "Stopped by breaker STOP_FILE: It is late."
    assert [name for name, _ in one.events] == [events.BREAKER_OPENED]
    with pytest.raises(Stopped, match="It is late"):
        one.stop.check()
    one.cancel()
    assert one.cancelled == 1
    (opening,) = one.guard.end()
    assert opening["seconds"] is None


def test_a_pause_that_lasts_too_long(guarded: Callable[..., Guarded]) -> None:
    one = guarded(ACTION="pause", PAUSE_LIMIT="1min")
    one.guard.tick()
    one.guard.told("It is late.")
    one.now += 59
    one.guard.tick()
    assert not one.stop.is_requested
    one.now += 1
    one.guard.tick()
    one.guard.tick()
    assert one.stop.reason == (
        "Stopped by breaker STOP_FILE: It is late. That has lasted longer than the limit of a pause, 60 seconds."
    )
    paused, stopped = one.guard.end()
    assert (paused["action"], paused["seconds"]) == ("pause", 60.0)
    assert (stopped["action"], stopped["seconds"]) == ("stop", None)
    assert one.events[1][1]["paused_seconds"] == 60.0


def test_a_stop_that_spares_the_statement(guarded: Callable[..., Guarded]) -> None:
    one = guarded(ACTION="stop", CANCEL=False)
    one.guard.told("It is late.")
    one.cancel()
    assert one.stop.is_requested
    assert one.cancelled == 0


def test_nothing_is_held_after_the_end(guarded: Callable[..., Guarded]) -> None:
    one = guarded(ACTION="pause")
    one.guard.told("It is late.")
    one.now += 3
    (opening,) = one.guard.end()
    assert opening["seconds"] == 3.0
    assert one.stop.pauses == ()
    one.guard.told("It is late.")
    one.guard.tick()
    assert one.stop.pauses == ()
    assert len(one.events) == 1
