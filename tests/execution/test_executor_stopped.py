"""A plan that another thread stops, or holds, while it is carried out."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from django.db import connection as default_connection

from django_safe_migrate import events
from django_safe_migrate.exceptions import MigrationFailed
from django_safe_migrate.execution.partial import revert_partial
from django_safe_migrate.execution.step_failed import StepFailed
from django_safe_migrate.execution.stop import Stop
from tests.databases.test_cancelling import ENDLESS
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults

REASON = "The replica is an hour behind."


@pytest.fixture
def prepared(carrier: Carrier) -> Carrier:
    """The ledger at its second migration, and a stop that can cancel statements."""
    carrier.to("0002_account_note")
    carrier.events.clear()
    carrier.stop = Stop(carrier.database.statement_canceller())
    return carrier


def endless(carrier: Carrier) -> None:
    """Execute a statement without end, and have the plan stopped meanwhile."""
    threading.Timer(0.5, carrier.stop.request, [REASON]).start()
    with default_connection.cursor() as cursor:
        cursor.execute(ENDLESS[carrier.database.vendor])


def failure_of(carrier: Carrier, name: str) -> StepFailed:
    with pytest.raises(StepFailed) as caught:
        carrier.to(name)
    return caught.value


def assert_stopped_in_the_middle(carrier: Carrier, failure: StepFailed) -> None:
    assert failure.stop_reason == str(failure) == REASON
    assert failure.operation == 1
    assert not failure.is_repeatable
    assert not failure.lost_lock
    assert carrier.applied() == ["0001_initial", "0002_account_note"]
    assert carrier.named(events.ATTEMPT_FAILED) == []
    finished = carrier.named(events.STEP_FINISHED)
    assert [(one["status"], one["error"]) for one in finished] == [("failed", REASON)]
    stays = not carrier.database.can_rollback_ddl
    assert ("colour" in carrier.columns()) == stays
    assert failure.is_partial == stays
    assert failure.completed == [0]


def test_its_statement_is_cancelled_and_the_step_fails_for_good(prepared: Carrier) -> None:
    faults.on_run["colour"] = lambda *_: endless(prepared)
    assert_stopped_in_the_middle(prepared, failure_of(prepared, "0003_account_colour"))


def test_code_that_swallows_the_error_has_not_succeeded(prepared: Carrier) -> None:
    def run(*_: Any) -> None:
        for _attempt in range(3):
            # As a migration may do.
            with contextlib.suppress(Exception):
                endless(prepared)

    faults.on_run["colour"] = run
    assert_stopped_in_the_middle(prepared, failure_of(prepared, "0003_account_colour"))


def test_what_is_completed_is_recorded_and_the_next_step_is_not_begun(prepared: Carrier) -> None:
    faults.on_run["colour"] = lambda *_: prepared.stop.request(REASON)
    failure = failure_of(prepared, "0004_account_size")
    assert failure.label == "ledger.0004_account_size"
    assert str(failure) == REASON
    assert failure.operation is None
    assert not failure.is_partial
    assert prepared.applied()[-1] == "0003_account_colour"
    assert [one["index"] for one in prepared.named(events.STEP_STARTED)] == [0]
    assert [one["status"] for one in prepared.named(events.STEP_FINISHED)] == ["applied"]


def test_another_error_of_a_step_that_was_to_stop_is_told_too(prepared: Carrier) -> None:
    def run(*_: Any) -> None:
        prepared.stop.request(REASON)
        raise ValueError("the data are not as expected")

    faults.on_run["colour"] = run
    failure = failure_of(prepared, "0003_account_colour")
    assert str(failure) == f"{REASON} It ended with ValueError: the data are not as expected"


@pytest.mark.vendors("mariadb")
def test_the_way_back_is_not_stopped(prepared: Carrier) -> None:
    faults.on_run["colour"] = lambda *_: endless(prepared)
    failure = failure_of(prepared, "0003_account_colour")
    try:
        revert_partial(prepared.executor, failure, prepared.database)
    except MigrationFailed as error:
        pytest.fail(str(error))
    assert "colour" not in prepared.columns()


def test_a_plan_that_is_held_goes_on_later(prepared: Carrier) -> None:
    prepared.stop.pause("load", "The server is busy.")
    threading.Timer(0.5, prepared.stop.resume, ["load"]).start()
    prepared.to("0003_account_colour")
    assert prepared.applied()[-1] == "0003_account_colour"
    assert prepared.stop.paused_seconds > 0.3
