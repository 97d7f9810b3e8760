from __future__ import annotations

from typing import Any

import pytest

from django_safe_migrate import events
from django_safe_migrate.exceptions import LockNotAcquired, MigrationFailed
from django_safe_migrate.execution.partial import revert_partial
from django_safe_migrate.execution.run_lock import ensure_held
from django_safe_migrate.execution.step_failed import StepFailed
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults

NUMBERS = "0005_account_numbers"


def fail(apps: Any, schema_editor: Any) -> None:
    raise ValueError("made to fail")


def failure_of(carrier: Carrier, name: str) -> StepFailed:
    with pytest.raises(StepFailed) as failure:
        carrier.to(name)
    faults.on_run.clear()
    return failure.value


def revert(carrier: Carrier, failure: StepFailed) -> None:
    revert_partial(carrier.executor, failure, carrier.database)


def executed(carrier: Carrier) -> tuple[list[str], Any]:
    """Return a list that grows with every statement that changes the ledger, and the wrapper to be installed."""
    statements: list[str] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "ledger_account" in sql and not sql.lstrip().upper().startswith("SELECT"):
            statements.append(sql)
        return execute(sql, params, many, context)

    return statements, carrier.connection.execute_wrapper(wrapper)


@pytest.mark.vendors("mariadb")
def test_several_operations_are_undone_last_first(carrier: Carrier) -> None:
    carrier.to("0004_account_size")
    before = carrier.columns()
    calls: list[str] = []
    faults.on_run["between backwards"] = lambda apps, editor: calls.append("between backwards")
    undo = faults.on_run["between backwards"]
    faults.on_run["numbers"] = fail
    failure = failure_of(carrier, NUMBERS)
    assert failure.is_partial
    assert failure.completed == [0, 1, 2]
    assert carrier.columns() == sorted([*before, "first", "second"])
    faults.on_run["between backwards"] = undo
    statements, watching = executed(carrier)
    with watching:
        revert(carrier, failure)
    assert [sql.split("DROP COLUMN ")[1].strip("` ") for sql in statements] == ["second", "first"]
    assert calls == ["between backwards"]
    assert carrier.columns() == before
    carrier.to(NUMBERS)
    assert NUMBERS in carrier.applied()


@pytest.mark.vendors("mariadb")
def test_a_step_backwards_is_done_again(carrier: Carrier) -> None:
    carrier.to(NUMBERS)
    before = carrier.columns()
    faults.on_run["between backwards"] = fail
    failure = failure_of(carrier, "0004_account_size")
    assert failure.backwards
    assert failure.completed == [3, 2]
    assert "second" not in carrier.columns()
    revert(carrier, failure)
    assert carrier.columns() == before
    assert NUMBERS in carrier.applied()
    carrier.to("0004_account_size")
    assert "first" not in carrier.columns()


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_migration_without_a_transaction_is_undone_too(carrier: Carrier) -> None:
    carrier.to("0003_account_colour")
    before = carrier.columns()
    faults.on_run["size"] = fail
    failure = failure_of(carrier, "0004_account_size")
    assert failure.completed == [0]
    revert(carrier, failure)
    assert carrier.columns() == before


def test_an_operation_that_did_part_of_its_work_is_refused(carrier: Carrier) -> None:
    carrier.to("0005_account_numbers")

    def write_and_fail(apps: Any, schema_editor: Any) -> None:
        apps.get_model("ledger", "Account").objects.create(name="Ada")
        raise ValueError("made to fail")

    faults.on_run["work"] = write_and_fail
    failure = failure_of(carrier, "0006_work")
    with pytest.raises(MigrationFailed) as refused:
        revert(carrier, failure)
    assert refused.value.message == (
        "ledger.0006_work is half done and cannot be undone step by step: "
        "Raw Python operation had carried out part of its statements."
    )
    assert carrier.database.count_rows("ledger_account") == 1


@pytest.mark.vendors("mariadb")
def test_an_operation_that_only_read_is_no_obstacle(carrier: Carrier) -> None:
    carrier.to("0001_initial")

    def read_and_fail(apps: Any, schema_editor: Any) -> None:
        apps.get_model("ledger", "Account").objects.count()
        raise ValueError("made to fail")

    faults.on_run["note"] = read_and_fail
    failure = failure_of(carrier, "0002_account_note")
    assert failure.is_partial
    revert(carrier, failure)
    assert carrier.columns() == ["id", "name"]


@pytest.mark.vendors("mariadb")
def test_an_irreversible_operation_is_refused_before_anything_is_done(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier.to("0004_account_size")
    faults.on_run["numbers"] = fail
    failure = failure_of(carrier, NUMBERS)
    between = failure.migration.operations[1]
    monkeypatch.setattr(between, "reverse_code", None)
    before = carrier.columns()
    with pytest.raises(MigrationFailed) as refused:
        revert(carrier, failure)
    assert refused.value.message == (
        f"ledger.{NUMBERS} is half done and cannot be undone: Raw Python operation is not reversible."
    )
    assert carrier.columns() == before


@pytest.mark.vendors("mariadb")
def test_deferred_sql_that_was_executed_is_refused(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: Any, **kwargs: Any) -> None:
        raise ValueError("made to fail")

    with monkeypatch.context() as patch:
        patch.setattr("django.db.migrations.recorder.MigrationRecorder.record_applied", crash)
        failure = failure_of(carrier, "0001_initial")
    assert failure.is_partial
    with pytest.raises(MigrationFailed) as refused:
        revert(carrier, failure)
    assert refused.value.message == (
        "ledger.0001_initial is half done and cannot be undone: its deferred SQL is not reversible."
    )


@pytest.mark.vendors("mariadb")
def test_an_error_while_undoing_says_where_and_keeps_values_to_itself(carrier: Carrier) -> None:
    carrier.to("0004_account_size")
    faults.on_run["numbers"] = fail
    failure = failure_of(carrier, NUMBERS)

    def violate(apps: Any, schema_editor: Any) -> None:
        account = apps.get_model("ledger", "Account")
        account.objects.create(name="confidential")
        account.objects.create(name="confidential")

    faults.on_run["between backwards"] = violate
    with pytest.raises(MigrationFailed) as failed:
        revert(carrier, failure)
    assert failed.value.message == (
        f"ledger.{NUMBERS} is half done, and undoing its operation 2 (Raw Python operation) failed: "
        "IntegrityError: (1062) Duplicate entry (value not shown) for key 'name'"
    )
    # The operation had a transaction, as going backwards gives it one.
    assert carrier.database.count_rows("ledger_account") == 0


@pytest.mark.vendors("mariadb")
@pytest.mark.parametrize("moment", ["before", "between"])
def test_nothing_is_undone_without_the_run_lock(carrier: Carrier, moment: str) -> None:
    lock, database = carrier.database.run_lock(), carrier.database
    assert lock.try_acquire()
    carrier.before_step = lambda: ensure_held(lock, database)  # type: ignore[method-assign]
    carrier.ensure_held = carrier.before_step  # type: ignore[method-assign]
    carrier.to("0004_account_size")
    faults.on_run["numbers"] = fail
    failure = failure_of(carrier, NUMBERS)
    before = carrier.columns()

    def lose(apps: Any, schema_editor: Any) -> None:
        with database.new_connection().cursor() as cursor:
            cursor.execute(f"KILL {lock.session_name}")

    faults.on_run["between backwards"] = lose
    if moment == "before":
        lose(None, None)
    with pytest.raises(LockNotAcquired, match="was lost: its connection is gone"):
        revert(carrier, failure)
    # The operations are undone last first, and the code is the second of three.
    assert carrier.columns() == [one for one in before if one != "second" or moment == "before"]


@pytest.mark.vendors("mariadb")
def test_undoing_lets_others_through_and_waits_in_turns(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    faults.on_run["note"] = fail
    failure = failure_of(carrier, "0002_account_note")
    carrier.events.clear()
    with carrier.blocker(), pytest.raises(MigrationFailed, match="Lock wait timeout exceeded"):
        revert(carrier, failure)
    assert len(carrier.named(events.ATTEMPT_FAILED)) == carrier.retry.attempts - 1
    revert(carrier, failure)
    assert carrier.columns() == ["id", "name"]
