from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from django_safe_migrate import events, recorder, signals
from django_safe_migrate.events import Event
from django_safe_migrate.record import RunRecord
from django_safe_migrate.recorder import Recorder


class Recording:
    """A recorder between a journal, a history and a listener that remember what they are given."""

    def __init__(self, *, atomic: bool = True) -> None:
        self.record = RunRecord("run-1")
        self.order: list[str] = []
        self.durable: dict[str, bool] = {}
        self.saved: list[str] = []
        self.alias = "default"
        self.listener_error: Exception | None = None
        self.atomic = atomic
        self.recorder = Recorder(
            self.record,
            self,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            self.listen,
        )

    def append(self, event: Event, durable: bool = False) -> None:
        """As the journal."""
        self.order.append(f"journal {event.name}")
        self.durable[event.name] = durable

    def save(self, record: RunRecord) -> str:
        """As the history."""
        self.order.append("history")
        self.saved.append(record.status)
        return ""

    def listen(self, event: Event, record: RunRecord) -> None:
        """As the console."""
        self.order.append(f"listener {event.name}")
        if self.listener_error is not None:
            raise self.listener_error

    def start(self) -> None:
        step = {"app_label": "shop", "name": "0001_initial", "atomic": self.atomic}
        self.recorder.emit(events.RUN_STARTED, kind="migrate", plan=[step])

    def step(self) -> None:
        about = {"index": 0, "operation": 0, "description": "Create model Order"}
        emit = self.recorder.emit
        emit(events.STEP_STARTED, index=0, attempt=1)
        emit(events.OPERATION_STARTED, **about)
        emit(events.OPERATION_FINISHED, **about, seconds=0.1, statements=[], tables=["shop_order"])
        emit(events.STEP_FINISHED, index=0, status="applied", seconds=0.2)

    def whole_run(self) -> None:
        emit = self.recorder.emit
        self.start()
        emit(events.STAGE_STARTED, stage="execute")
        self.step()
        emit(events.STAGE_FINISHED, stage="execute", status="passed", seconds=0.3)
        emit(events.RUN_FINISHED, status="succeeded", exit_code=0)


@pytest.fixture
def recording() -> Recording:
    return Recording()


pytestmark = pytest.mark.django_db(transaction=True)


def test_the_journal_is_first_and_the_listener_sees_the_record_as_it_is_then(
    recording: Recording,
) -> None:
    seen: list[str] = []
    recording.recorder._listener = lambda event, record: seen.append(record.steps[0].status)
    recording.start()
    recording.step()
    assert seen == ["planned", "running", "running", "running", "applied"]
    recording = Recording()
    recording.start()
    assert recording.order == ["journal run_started", "listener run_started"]


def test_every_event_reaches_journal_and_listener_in_order(recording: Recording) -> None:
    recording.whole_run()
    names = ["run_started", "stage_started", "step_started", "operation_started"]
    names += ["operation_finished", "step_finished", "stage_finished", "run_finished"]
    told = [one for one in recording.order if one != "history"]
    assert told == [f"{who} {name}" for name in names for who in ("journal", "listener")]
    assert recording.record.status == "succeeded"
    assert recording.record.affected_tables == ["shop_order"]


def test_the_history_is_written_between_steps_and_at_ends(recording: Recording) -> None:
    recording.whole_run()
    after = [
        recording.order[place - 1].removeprefix("listener ")
        for place, one in enumerate(recording.order)
        if one == "history"
    ]
    assert after == ["step_started", "stage_finished", "run_finished"]
    assert recording.saved == ["running", "running", "succeeded"]


def test_the_history_is_not_written_after_every_one_of_many_quick_steps(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(recorder.time, "monotonic", lambda: now)
    recording.start()
    for _ in range(5):
        recording.step()
    assert recording.order.count("history") == 1
    now += recorder.HISTORY_SECONDS
    recording.step()
    assert recording.order.count("history") == 2
    assert recording.order[recording.order.index("history") - 1] == "listener step_started"


def test_the_history_is_never_written_inside_a_transaction(recording: Recording) -> None:
    recording.start()
    with transaction.atomic():
        recording.step()
        recording.recorder.emit(
            events.STAGE_FINISHED, stage="execute", status="passed", seconds=0.3
        )
        assert "history" not in recording.order
    recording.recorder.emit(events.RUN_FINISHED, status="succeeded", exit_code=0)
    assert recording.order[-1] == "history"


STEP_EVENTS = [
    events.STEP_STARTED,
    events.OPERATION_STARTED,
    events.OPERATION_FINISHED,
    events.STEP_FINISHED,
]


@pytest.mark.parametrize("atomic", [True, False])
def test_what_a_transaction_does_not_undo_is_on_the_disk_before_it_happens(atomic: bool) -> None:
    recording = Recording(atomic=atomic)
    recording.whole_run()
    assert {recording.durable.pop(name) for name in STEP_EVENTS} == {not atomic}
    assert set(recording.durable.values()) == {True}


@pytest.fixture
def failing_receiver() -> Iterator[None]:
    def receive(sender: Any, **told: Any) -> None:
        raise ValueError("a receiver of the project")

    signals.run_started.connect(receive)
    yield
    signals.run_started.disconnect(receive)


@pytest.mark.usefixtures("failing_receiver")
def test_a_receiver_that_raises_is_logged_and_does_not_stop_the_run(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="django_safe_migrate"):
        recording.whole_run()
    assert recording.record.status == "succeeded"
    (logged,) = [one for one in caplog.records if one.name == "django_safe_migrate"]
    assert "of a run's signal raised" in logged.getMessage()
    assert "a receiver of the project" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        BrokenPipeError(32, "Broken pipe"),
        UnicodeEncodeError("ascii", "…", 0, 1, "ordinal not in range"),
    ],
)
def test_output_that_fails_does_not_stop_the_run(
    recording: Recording, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """`safemigrate | head`, or a terminal that knows no such character, in the middle of a migration."""
    recording.listener_error = error
    with caplog.at_level(logging.ERROR, logger="django_safe_migrate"):
        recording.whole_run()
    assert recording.record.status == "succeeded"
    assert [one for one in recording.order if one.startswith("listener")] == [
        "listener run_started"
    ]
    (logged,) = [one for one in caplog.records if one.name == "django_safe_migrate"]
    assert logged.getMessage() == "Showing what happens failed; the run goes on without it."


def test_a_request_to_stop_passes_through_the_listener(recording: Recording) -> None:
    def stop(event: Event, record: RunRecord) -> None:
        raise KeyboardInterrupt

    recording.recorder._listener = stop
    with pytest.raises(KeyboardInterrupt):
        recording.start()
    assert recording.order == ["journal run_started"]


def test_the_monitor_waits_until_an_event_of_the_run_is_told() -> None:
    """It emits from a thread of its own, and two events must not mix in the record or on the terminal."""
    recording = Recording()
    recording.start()
    news = {"index": 0, "waiting": 0, "longest_wait_seconds": 0.0}
    monitor = threading.Thread(target=recording.recorder.emit, args=[events.MONITORED], kwargs=news)
    overtook: list[bool] = []
    listen = recording.listen

    def listen_for_long(event: Event, record: RunRecord) -> None:
        listen(event, record)
        if event.name == events.STEP_STARTED:
            monitor.start()
            monitor.join(0.2)
            overtook.append(not monitor.is_alive())

    recording.recorder._listener = listen_for_long
    recording.recorder.emit(events.STEP_STARTED, index=0, attempt=1)
    monitor.join()
    assert overtook == [False]
    assert recording.order[-2:] == ["journal monitored", "listener monitored"]
    assert recording.durable[events.MONITORED] is False
