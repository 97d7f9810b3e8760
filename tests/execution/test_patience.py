"""Waiting for locks that another session really holds."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.execution.executor import StepFailed
from django_safe_migrate.execution.retry import RetryPolicy
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults

INDEX = 'CREATE INDEX CONCURRENTLY "by_name" ON "ledger_account" ("name")'

#: What an index that is built concurrently waits for: transactions that write to the table.
WRITING = "LOCK TABLE ledger_account IN ROW EXCLUSIVE MODE"


def release_after_failures(carrier: Carrier, blocker: Any, count: int) -> None:
    """Let go of the blocker's locks once so many attempts from now on have failed: no clock is asked."""

    class Events(list):  # type: ignore[type-arg]
        def append(self, event: Any) -> None:
            super().append(event)
            if len([1 for name, _ in self if name == events.ATTEMPT_FAILED]) == count:
                blocker.rollback()

    carrier.events = Events()


def release_once_waited_for(blocker: Any) -> None:
    """Let go of the blocker's locks when another session has waited for them for much longer than its timeout allows."""
    waiting = 0
    with blocker.cursor() as cursor:
        while not waiting:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            waiting = cursor.fetchone()[0]
    time.sleep(0.3)
    blocker.rollback()


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_statement_outside_of_a_transaction_is_repeated_alone(carrier: Carrier) -> None:
    carrier.to("0003_account_colour")
    carrier.events.clear()
    with carrier.blocker() as blocker:
        release_after_failures(carrier, blocker, 2)
        carrier.to("0004_account_size")
    # One attempt at the step; the ALTER TABLE in it was executed three times.
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1]
    assert [one["attempt"] for one in carrier.named(events.ATTEMPT_FAILED)] == [1, 2]
    statement = carrier.named(events.OPERATION_FINISHED)[0]["statements"][0]
    assert statement["sql"].startswith("ALTER TABLE")
    assert statement["count"] == 3
    assert "0004_account_size" in carrier.applied()


@pytest.mark.vendors("postgresql", "mariadb")
def test_the_attempts_at_a_statement_are_not_multiplied_by_those_at_its_step(
    carrier: Carrier,
) -> None:
    carrier.to("0003_account_colour")
    carrier.events.clear()
    with carrier.blocker(), pytest.raises(StepFailed) as failure:
        carrier.to("0004_account_size")
    assert failure.value.lost_lock
    assert not failure.value.is_partial
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1]
    assert len(carrier.named(events.ATTEMPT_FAILED)) == carrier.retry.attempts - 1


@pytest.mark.vendors("postgresql")
def test_inside_a_transaction_the_whole_step_is_repeated(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    carrier.events.clear()
    with carrier.blocker() as blocker:
        release_after_failures(carrier, blocker, 2)
        carrier.to("0002_account_note")
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1, 2, 3]


@pytest.mark.vendors("mariadb")
def test_code_that_left_nothing_behind_is_repeated_as_a_step(carrier: Carrier) -> None:
    """A lock of rows that a RunPython of MariaDB does not get: its transaction took everything back."""
    carrier.to("0006_work")
    with carrier.connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_account (name) VALUES ('Ada'), ('Grace')")

    def write(apps: Any, schema_editor: Any) -> None:
        account = apps.get_model("ledger", "Account")
        account.objects.create(name="Mary")
        account.objects.filter(name="Ada").update(note="x")

    faults.on_run["task"] = write
    carrier.events.clear()
    with carrier.blocker("SELECT * FROM ledger_account WHERE name = 'Ada' FOR UPDATE") as blocker:
        release_after_failures(carrier, blocker, 1)
        carrier.to("0007_task")
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1, 2]
    assert carrier.database.count_rows("ledger_account") == 3


@pytest.mark.vendors("postgresql")
def test_a_concurrent_index_waits_for_others_without_a_lock_timeout(carrier: Carrier) -> None:
    carrier.to("0005_account_numbers")
    carrier.lock_timeout = 0.05
    seen = []

    def build(apps: Any, schema_editor: Any) -> None:
        schema_editor.execute(INDEX)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            seen.append(cursor.fetchone()[0])

    faults.on_run["work"] = build
    carrier.events.clear()
    with carrier.blocker(WRITING) as blocker:
        release = threading.Thread(target=release_once_waited_for, args=[blocker])
        release.start()
        carrier.to("0006_work")
        release.join()
    assert seen == ["50ms"]
    assert carrier.named(events.ATTEMPT_FAILED) == []
    assert carrier.database.invalid_indexes() == ()
    assert "by_name" in str(
        carrier.connection.introspection.get_constraints(
            carrier.connection.cursor(), "ledger_account"
        )
    )


@pytest.mark.vendors("postgresql")
def test_a_concurrent_index_that_failed_is_not_repeated_blindly(carrier: Carrier) -> None:
    """It leaves an invalid index behind: repeating it would fail on that, and the step is half done."""
    carrier.to("0005_account_numbers")

    def build(apps: Any, schema_editor: Any) -> None:
        schema_editor.execute("SET statement_timeout = '300ms'")
        schema_editor.execute(INDEX)

    faults.on_run["work"] = build
    carrier.events.clear()
    with carrier.blocker(WRITING), pytest.raises(StepFailed) as failure:
        carrier.to("0006_work")
    assert failure.value.is_partial
    assert failure.value.failed_half_way
    assert carrier.named(events.ATTEMPT_FAILED) == []
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1]
    assert carrier.database.invalid_indexes() == ("ledger_account.by_name",)


@pytest.mark.vendors("sqlite")
def test_a_database_that_is_locked_is_waited_for_in_turns(carrier: Carrier) -> None:
    carrier.retry = RetryPolicy(10, 20.0)
    carrier.lock_timeout = 0.05
    carrier.to("0001_initial")
    carrier.events.clear()
    with carrier.blocker("INSERT INTO ledger_account (name) VALUES ('Ada')") as blocker:
        release_after_failures(carrier, blocker, 2)
        carrier.to("0002_account_note")
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1, 2, 3]
    assert carrier.applied() == ["0001_initial", "0002_account_note"]
