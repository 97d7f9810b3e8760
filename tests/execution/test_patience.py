"""Waiting for locks that another session really holds."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import OperationalError

from django_safe_migrate import events
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.execution.step_failed import StepFailed
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
def test_a_transaction_that_holds_nothing_yet_repeats_the_statement_from_a_savepoint(
    carrier: Carrier,
) -> None:
    carrier.to("0001_initial")
    carrier.events.clear()
    with carrier.blocker() as blocker:
        release_after_failures(carrier, blocker, 2)
        carrier.to("0002_account_note")
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1]
    assert [one["scope"] for one in carrier.named(events.ATTEMPT_FAILED)] == ["statement"] * 2
    assert "note" in carrier.columns()
    # The savepoints are no SQL of the migration.
    told = [s["sql"] for o in carrier.named(events.OPERATION_FINISHED) for s in o["statements"]]
    assert not any("SAVEPOINT" in sql for sql in told)


#: What a migration may do before it asks for a lock, and what is repeated then when it does not get it.
BEFORE_THE_LOCK = {
    "nothing": ([], "statement"),
    "a new table": (["CREATE TABLE fresh (id int)", "INSERT INTO fresh VALUES (1)"], "migration"),
    "only a new table": (["CREATE TABLE fresh (id int)"], "statement"),
    "reading": (["SELECT count(*) FROM ledger_entry"], "statement"),
    "an existing table altered": (["ALTER TABLE ledger_entry ADD x int"], "migration"),
    "a remark on an existing table": (["COMMENT ON TABLE ledger_entry IS 'x'"], "statement"),
    "rows": (["INSERT INTO ledger_account (name) VALUES ('Ada')"], "migration"),
    "an advisory lock": (["SELECT pg_advisory_xact_lock(1)"], "migration"),
}


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize("before", BEFORE_THE_LOCK)
def test_what_is_repeated_depends_on_the_locks_held(carrier: Carrier, before: str) -> None:
    """While we sleep between two attempts, nobody may wait for us."""
    statements, scope = BEFORE_THE_LOCK[before]
    carrier.to("0006_work")

    def lock(apps: Any, schema_editor: Any) -> None:
        for sql in statements:
            schema_editor.execute(sql)
        schema_editor.execute("ALTER TABLE ledger_account ADD z int")

    faults.on_run["task"] = lock
    carrier.events.clear()
    with carrier.blocker() as blocker:
        release_after_failures(carrier, blocker, 2)
        carrier.to("0007_task")
    assert [one["scope"] for one in carrier.named(events.ATTEMPT_FAILED)] == [scope] * 2
    attempts = [1] if scope == "statement" else [1, 2, 3]
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == attempts
    assert "z" in carrier.columns()
    assert carrier.applied()[-1] == "0007_task"


@pytest.mark.vendors("postgresql")
def test_a_data_migration_pays_for_no_savepoints(carrier: Carrier) -> None:
    carrier.to("0006_work")
    opened = []

    def write(apps: Any, schema_editor: Any) -> None:
        account = apps.get_model("ledger", "Account")
        for number in range(5):
            account.objects.create(name=f"number {number}")
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_current_xact_id()::text, backend_xid::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            )
            opened.extend(cursor.fetchall())
            cursor.execute("SELECT count(DISTINCT xmin::text) FROM ledger_account")
            opened.append(cursor.fetchone()[0])

    faults.on_run["task"] = write
    carrier.to("0007_task")
    # Every row was written by one transaction: none by a subtransaction of its own.
    assert opened[-1] == 1


@pytest.mark.vendors("mariadb")
def test_code_that_left_nothing_behind_is_repeated_alone(carrier: Carrier) -> None:
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
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1]
    assert [one["scope"] for one in carrier.named(events.ATTEMPT_FAILED)] == ["operation"]
    assert carrier.database.count_rows("ledger_account") == 3
    assert len(carrier.named(events.OPERATION_STARTED)) == 1


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


def build_index(sql: str = INDEX) -> Any:
    """Return a function for RunPython that builds an index concurrently."""
    return lambda apps, schema_editor: schema_editor.execute(sql)


def indexes(carrier: Carrier) -> list[tuple[Any, ...]]:
    """The indexes of accounts by name of ours, and whether they are valid."""
    return carrier.database.ask(
        "SELECT x.relname, i.indisvalid FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid "
        "WHERE i.indrelid = 'ledger_account'::regclass AND x.relname LIKE 'by_name%%' ORDER BY 1"
    )


@pytest.mark.vendors("postgresql")
def test_a_concurrent_index_has_a_deadline_of_its_own_and_leaves_nothing(carrier: Carrier) -> None:
    """What keeps the build waiting is gone by the time its leftover is dropped."""
    carrier.to("0005_account_numbers")
    carrier.concurrent_timeout = 0.5
    faults.on_run["work"] = build_index()
    with carrier.blocker(WRITING) as blocker:
        # Its transaction is awaited by the build until the deadline, and by the drop until it ends.
        release = threading.Timer(0.8, blocker.rollback)
        release.start()
        with pytest.raises(StepFailed) as failure:
            carrier.to("0006_work")
        release.join()
    assert "statement timeout" in str(failure.value)
    assert not failure.value.is_partial
    assert not failure.value.lost_lock
    assert indexes(carrier) == []
    carrier.to("0006_work")
    assert indexes(carrier) == [("by_name", True)]


@pytest.mark.vendors("postgresql")
def test_an_index_whose_leftover_cannot_be_dropped_is_left_to_the_next_run(
    carrier: Carrier,
) -> None:
    carrier.to("0005_account_numbers")
    carrier.concurrent_timeout = 0.3
    faults.on_run["work"] = build_index()
    carrier.events.clear()
    with carrier.blocker(WRITING), pytest.raises(StepFailed) as failure:
        carrier.to("0006_work")
    # It is named, and it is no half-done work: running again drops it and builds it anew.
    assert failure.value.unusable
    assert not failure.value.is_partial
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == [1]
    assert carrier.database.invalid_indexes() == ("ledger_account.by_name",)
    assert "An invalid index may be left" in carrier.named(events.NOTICE)[-1]["message"]
    carrier.concurrent_timeout = 60.0
    carrier.to("0006_work")
    assert indexes(carrier) == [("by_name", True)]


@pytest.mark.vendors("postgresql")
@pytest.mark.parametrize(
    "sql", [INDEX, INDEX.replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS")]
)
def test_an_invalid_leftover_of_an_earlier_run_is_built_again(carrier: Carrier, sql: str) -> None:
    """Neither "already exists" nor an index that stays invalid in silence."""
    carrier.to("0005_account_numbers")
    leave_invalid_index(carrier)
    faults.on_run["work"] = build_index(sql)
    carrier.events.clear()
    carrier.to("0006_work")
    assert indexes(carrier) == [("by_name", True)]
    assert "dropped and built again" in carrier.named(events.NOTICE)[0]["message"]
    done = [s["sql"] for s in carrier.named(events.OPERATION_FINISHED)[0]["statements"]]
    assert [text.split()[0] for text in done] == ["DROP", "CREATE"]


def leave_invalid_index(carrier: Carrier) -> None:
    """Let a concurrent build fail for want of time."""
    with carrier.blocker(WRITING), carrier.connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '200ms'")
        with pytest.raises(OperationalError):
            cursor.execute(INDEX)
        cursor.execute("SET statement_timeout = 0")
    assert indexes(carrier) == [("by_name", False)]


@pytest.mark.vendors("postgresql")
def test_a_concurrent_index_that_rows_forbid_leaves_nothing(carrier: Carrier) -> None:
    carrier.to("0005_account_numbers")
    with carrier.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_account (name, colour) VALUES ('a', 'red'), ('b', 'red')"
        )
    faults.on_run["work"] = build_index(
        "CREATE UNIQUE INDEX CONCURRENTLY by_name_unique ON ledger_account (colour)"
    )
    with pytest.raises(StepFailed, match="could not create unique index") as failure:
        carrier.to("0006_work")
    assert not failure.value.is_partial
    assert indexes(carrier) == []


@pytest.mark.vendors("postgresql")
def test_a_concurrent_index_that_lost_a_deadlock_is_dropped_and_built_again(
    carrier: Carrier,
) -> None:
    """Another session waits for the lock that the build holds, in a transaction for which the build waits."""
    carrier.to("0005_account_numbers")
    carrier.retry = RetryPolicy(20, 60.0)
    faults.on_run["work"] = build_index()
    carrier.events.clear()
    with carrier.connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '50ms'")
    with carrier.blocker(WRITING) as blocker:
        with blocker.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '1min'")
        other = threading.Thread(target=ask_for_lock_once_waited_for, args=[blocker])
        other.start()
        carrier.to("0006_work")
        other.join()
    assert [one["scope"] for one in carrier.named(events.ATTEMPT_FAILED)] == ["statement"]
    assert "deadlock" in carrier.named(events.ATTEMPT_FAILED)[0]["error"]
    assert indexes(carrier) == [("by_name", True)]


def ask_for_lock_once_waited_for(blocker: Any) -> None:
    """Ask for a lock that conflicts with that of an index build which waits for us, and end."""
    waiting = 0
    with blocker.cursor() as cursor:
        while not waiting:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            waiting = cursor.fetchone()[0]
        cursor.execute("LOCK TABLE ledger_account IN SHARE UPDATE EXCLUSIVE MODE")
    blocker.rollback()


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
