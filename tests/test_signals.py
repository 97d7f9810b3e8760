from __future__ import annotations

import logging
import threading
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
    """What receivers of the signals that are named as events got, in order."""
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


NEWS = {
    "index": 0,
    "waiting": 2,
    "longest_wait_now_seconds": 1.5,
    "longest_wait_seconds": 1.5,
    "most_waiting": 2,
    "response_seconds": 0.001,
    "progress": None,
}


@pytest.fixture
def progressed() -> Iterator[Received]:
    """What a receiver of what the monitor sees got, in order."""
    found: Received = []

    def receive(sender: Any, name: str, **told: Any) -> None:
        found.append((name, told))

    signals.run_progressed.connect(receive)
    yield found
    signals.run_progressed.disconnect(receive)


@pytest.mark.django_db
def test_what_the_monitor_sees_is_a_signal(progressed: Received) -> None:
    recording = Recording()
    recording.start()
    blocker = {"session": "77", "user": "web", "application": "shop", "idle_seconds": 9.0}
    emit = recording.recorder.emit
    emit(events.STEP_STARTED, index=0, attempt=1)
    emit(events.MONITORED, **NEWS)
    emit(events.BLOCKED, index=0, seconds=1.0, blockers=[blocker])
    emit(events.BLOCKER_ENDED, index=0, blocker=blocker)
    assert [name for name, _ in progressed] == ["monitored", "blocked", "blocker_ended"]
    _, told = progressed[0]
    assert told["event"] == NEWS
    assert told["record"].monitoring["waiting"] == 2


@pytest.mark.django_db
def test_a_slow_receiver_of_the_monitor_does_not_hold_the_run_up() -> None:
    recording = Recording()
    recording.start()
    recording.recorder.emit(events.STEP_STARTED, index=0, attempt=1)
    receives, may_go_on = threading.Event(), threading.Event()

    def receive(sender: Any, **told: Any) -> None:
        receives.set()
        may_go_on.wait(60)

    signals.run_progressed.connect(receive)
    monitor = threading.Thread(target=recording.recorder.emit, args=[events.MONITORED], kwargs=NEWS)
    monitor.start()
    try:
        assert receives.wait(60)
        recording.recorder.emit(events.NOTICE, message="The run goes on.")
        assert recording.record.notices == ["The run goes on."]
    finally:
        may_go_on.set()
        monitor.join(60)
        signals.run_progressed.disconnect(receive)


@pytest.mark.django_db
def test_a_receiver_that_raises_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def receive(sender: Any, **told: Any) -> None:
        raise ValueError("out of paper")

    every = [*SIGNALS.values(), signals.run_progressed]
    for signal in every:
        signal.connect(receive)
    recording = Recording()
    try:
        with caplog.at_level(logging.ERROR, logger="django_safe_migrate"):
            recording.whole_run()
    finally:
        for signal in every:
            signal.disconnect(receive)
    assert recording.record.status == "succeeded"
    [told] = recording.record.notices
    assert told.endswith(
        ".receive, a receiver of the signals of runs, raised at run_started: ValueError: out of paper"
    )
    assert recording.order[-1] == "listener run_finished" or recording.order[-1] == "history"
    assert len([one for one in caplog.records if "of a run's signal raised" in one.message]) == 4
