from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_safe_migrate import events, signals
from django_safe_migrate.record import RunRecord
from tests.test_recorder import Recording

Received = list[tuple[str, dict[str, Any]]]
SIGNALS = {
    name: getattr(signals, name)
    for name in ("run_started", "stage_finished", "step_finished", "run_finished")
}


@pytest.fixture
def received() -> Iterator[Received]:
    """What receivers of all four signals got, in order."""
    found: Received = []
    receivers = []

    def connect(name: str) -> None:
        def receive(sender: Any, **told: Any) -> None:
            assert sender is RunRecord
            found.append((name, told))

        receivers.append((SIGNALS[name], receive))
        SIGNALS[name].connect(receive)

    for name in SIGNALS:
        connect(name)
    yield found
    for signal, receive in receivers:
        signal.disconnect(receive)


@pytest.mark.django_db
def test_each_is_sent_once_with_the_record_and_the_event(received: Received) -> None:
    recording = Recording()
    recording.whole_run()
    assert [name for name, _ in received] == [
        "run_started",
        "step_finished",
        "stage_finished",
        "run_finished",
    ]
    for _, told in received:
        assert told["record"] is recording.record
    started, step, stage, finished = (told["event"] for _, told in received)
    assert started["kind"] == "migrate"
    assert (step["index"], step["status"]) == (0, "applied")
    assert (stage["stage"], stage["status"]) == ("execute", "passed")
    assert finished["status"] == "succeeded"


def test_the_signals_are_those_of_the_events() -> None:
    assert SIGNALS.keys() <= events.NAMES
