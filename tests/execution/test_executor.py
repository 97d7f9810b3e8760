from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError

from django_safe_migrate import events
from django_safe_migrate.execution.executor import StepFailed
from django_safe_migrate.execution.partial import revert_partial
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults


def fail(apps: Any, schema_editor: Any) -> None:
    raise ValueError("made to fail")


class Killed(BaseException):
    """What a process that is killed looks like from inside: nothing catches it."""


def test_every_operation_is_reported_with_its_sql_and_seconds(carrier: Carrier) -> None:
    carrier.to("0002_account_note")
    finished = carrier.named(events.OPERATION_FINISHED)
    descriptions = [one["description"] for one in finished]
    assert descriptions[:2] == ["Create model Account", "Create model Entry"]
    assert "Add field note to account" in descriptions
    creation = finished[0]
    assert creation["tables"] == ["ledger_account"]
    assert any(one["sql"].startswith("CREATE TABLE") for one in creation["statements"])
    assert all(one["seconds"] > 0 for one in finished)
    assert [one["status"] for one in carrier.named(events.STEP_FINISHED)] == ["applied", "applied"]


def test_forwards_and_back_to_zero(carrier: Carrier) -> None:
    carrier.to("0004_account_size")
    assert carrier.columns() == ["colour", "id", "name", "note", "size"]
    carrier.to(None)
    assert carrier.applied() == []
    assert "ledger_account" not in carrier.database.tables()
    assert [one["status"] for one in carrier.named(events.STEP_FINISHED)] == ["applied"] * 4 + [
        "unapplied"
    ] * 4


def test_faking_records_without_touching_the_schema(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    carrier.to("0002_account_note", fake=True)
    assert carrier.applied() == ["0001_initial", "0002_account_note"]
    assert carrier.columns() == ["id", "name"]
    assert carrier.named(events.STEP_FINISHED)[-1]["status"] == "faked"


def test_an_existing_initial_table_is_soft_applied(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    carrier.executor.recorder.record_unapplied("ledger", "0001_initial")
    carrier.to("0001_initial", fake_initial=True)
    assert carrier.applied() == ["0001_initial"]
    assert carrier.named(events.STEP_FINISHED)[-1]["status"] == "faked"


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_crash_before_the_commit_leaves_neither_schema_nor_record(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django records a migration with deferred SQL after the commit; a crash between the two needs repair by hand."""
    recorder = type(carrier.executor.recorder)

    def crash(self: Any, app: str, name: str) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(recorder, "record_applied", crash)
        with pytest.raises(Killed):
            carrier.to("0001_initial")
    assert "ledger_account" not in carrier.database.tables()
    assert not carrier.connection.in_atomic_block
    carrier.to("0001_initial")
    assert carrier.applied() == ["0001_initial"]


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_failed_atomic_migration_leaves_nothing(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    faults.on_run["note"] = fail
    with pytest.raises(StepFailed) as failure:
        carrier.to("0002_account_note")
    assert str(failure.value) == "ValueError: made to fail"
    assert failure.value.operation == 1
    assert not failure.value.is_partial
    assert carrier.columns() == ["id", "name"]
    assert carrier.applied() == ["0001_initial"]


@pytest.mark.vendors("sqlite")
def test_an_error_of_the_database_is_not_hidden_by_the_check_of_constraints(
    carrier: Carrier,
) -> None:
    """SQLite's schema editor checks constraints after an error too, fails at that, and forgets the transaction."""
    carrier.to("0001_initial")

    def violate(apps: Any, schema_editor: Any) -> None:
        account = apps.get_model("ledger", "Account")
        account.objects.create(name="same")
        account.objects.create(name="same")

    faults.on_run["note"] = violate
    with pytest.raises(StepFailed) as failure:
        carrier.to("0002_account_note")
    assert isinstance(failure.value.error, IntegrityError)
    assert not carrier.connection.in_atomic_block
    assert carrier.columns() == ["id", "name"]
    faults.on_run.clear()
    carrier.to("0002_account_note")
    assert "note" in carrier.columns()


@pytest.mark.vendors("mariadb")
def test_a_failed_migration_without_transactional_ddl_is_partial_and_can_be_reverted(
    carrier: Carrier,
) -> None:
    carrier.to("0001_initial")
    faults.on_run["note"] = fail
    with pytest.raises(StepFailed) as failure:
        carrier.to("0002_account_note")
    assert failure.value.is_partial
    assert failure.value.completed == [0]
    assert "note" in carrier.columns()
    revert_partial(carrier.executor, failure.value, carrier.database)
    assert carrier.columns() == ["id", "name"]
    faults.on_run.clear()
    carrier.to("0002_account_note")
    assert "note" in carrier.columns()


def test_a_failed_migration_that_is_not_atomic_is_partial_and_can_be_reverted(
    carrier: Carrier,
) -> None:
    carrier.to("0003_account_colour")
    faults.on_run["size"] = fail
    with pytest.raises(StepFailed) as failure:
        carrier.to("0004_account_size")
    assert failure.value.is_partial
    assert "size" in carrier.columns()
    assert "0004_account_size" not in carrier.applied()
    revert_partial(carrier.executor, failure.value, carrier.database)
    assert "size" not in carrier.columns()


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_lock_held_by_another_session_is_waited_for_in_turns(carrier: Carrier) -> None:
    carrier.retry = type(carrier.retry)(50, 60.0)
    carrier.to("0001_initial")
    with carrier.blocker() as blocker:
        # MariaDB bounds waits for metadata locks in whole seconds.
        release = threading.Timer(2.5, blocker.rollback)
        release.start()
        try:
            carrier.to("0002_account_note")
        finally:
            release.join()
    failed = carrier.named(events.ATTEMPT_FAILED)
    assert failed
    assert carrier.columns() == ["id", "name", "note"]
    assert carrier.applied() == ["0001_initial", "0002_account_note"]


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_lock_that_never_comes_ends_in_a_clean_failure(carrier: Carrier) -> None:
    carrier.retry = type(carrier.retry)(2, 20.0)
    carrier.to("0001_initial")
    with carrier.blocker(), pytest.raises(StepFailed) as failure:
        carrier.to("0002_account_note")
    assert failure.value.lost_lock
    assert not failure.value.is_partial
    assert carrier.columns() == ["id", "name"]
    assert carrier.named(events.STEP_FINISHED)[-1]["status"] == "failed"


def test_operations_are_as_django_made_them_afterwards(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    for migration in carrier.executor.loader.graph.nodes.values():
        for operation in migration.operations:
            assert "database_forwards" not in operation.__dict__
            assert "database_backwards" not in operation.__dict__
