from __future__ import annotations

import sqlite3
import threading
from typing import Any, ClassVar

import django
import pytest
from django.db import IntegrityError, OperationalError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from django_safe_migrate import events
from django_safe_migrate.exceptions import LockNotAcquired
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.partial import revert_partial
from django_safe_migrate.execution.step_failed import StepFailed
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults
from tests.servers.base import open_connection


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


def test_a_retry_starts_from_the_state_before_the_migration(carrier: Carrier) -> None:
    """The first attempt has changed its state; a second one on top of that would add every field twice."""
    carrier.retry = type(carrier.retry)(5, 60.0)
    carrier.to("0004_account_size")
    seen: list[set[str]] = []

    def look_and_lose_the_lock(apps: Any, schema_editor: Any) -> None:
        account = apps.get_model("ledger", "Account")
        seen.append({field.name for field in account._meta.get_fields()})
        account.objects.create(name=f"number {len(seen)}", first=len(seen))
        if len(seen) == 1:
            raise_lock_error(carrier)

    faults.on_run["numbers"] = look_and_lose_the_lock
    carrier.events.clear()
    carrier.to("0005_account_numbers")
    # Half of it stays on MariaDB: only the operation that failed is repeated there.
    steps, scope = (
        ([1], "operation") if carrier.connection.vendor == "mysql" else ([1, 2], "migration")
    )
    assert [one["attempt"] for one in carrier.named(events.STEP_STARTED)] == steps
    assert [one["scope"] for one in carrier.named(events.ATTEMPT_FAILED)] == [scope]
    assert len(seen) == 2
    assert seen[0] == seen[1] >= {"first", "second", "size", "name"}
    assert carrier.database.ask("SELECT name, first FROM ledger_account") == [("number 2", 2)]


def raise_lock_error(carrier: Carrier) -> None:
    """Raise an error as the server words it when a lock is not had; on SQLite by code, since its one lock is ours already."""
    if carrier.connection.vendor == "sqlite":
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise OperationalError(*error.args) from error
    held, asked = {
        "postgresql": (
            "LOCK TABLE ledger_entry IN SHARE MODE",
            "LOCK TABLE ledger_entry IN EXCLUSIVE MODE NOWAIT",
        ),
        "mysql": (
            "INSERT INTO ledger_account (name) VALUES ('held')",
            "INSERT INTO ledger_account (name) VALUES ('held')",
        ),
    }[carrier.connection.vendor]
    if carrier.connection.vendor == "postgresql":
        # With this held, nothing less than the whole migration is repeated.
        with carrier.connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ledger_account IN SHARE MODE")
    with carrier.blocker(held):
        carrier.database.ask(asked)


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_retry_knows_the_tables_of_other_apps_that_come_later_in_the_graph(
    carrier: Carrier,
) -> None:
    """`books` comes after `authors` in Django's full plan and is applied already: its foreign key changes with the key."""
    carrier.retry = type(carrier.retry)(5, 60.0)
    carrier.to("0001_initial")
    carrier.to("0002_country", app="books")
    before = column_type(carrier, "books_book", "author_id")
    calls: list[int] = []

    def lose_the_lock_once(apps: Any, schema_editor: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise_lock_error(carrier)

    faults.on_run["before wider key"] = lose_the_lock_once
    carrier.to("0003_wider_key", app="authors")
    assert len(calls) == 2
    after = column_type(carrier, "books_book", "author_id")
    assert after != before
    assert "big" in str(after)


def column_type(carrier: Carrier, table: str, column: str) -> str:
    sql = (
        "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s "
        "AND table_schema NOT IN ('information_schema') ORDER BY table_schema = %s DESC"
    )
    return str(carrier.database.ask(sql, [table, column, carrier.database.name])[0][0])


def test_leave_to_go_on_is_asked_for_before_every_attempt(carrier: Carrier) -> None:
    carrier.to("0006_work")
    asked: list[str] = []

    def before_step() -> None:
        asked.append("before step")
        if len(asked) > 2:
            raise LockNotAcquired("The run lock was lost.")

    def lose_the_lock(apps: Any, schema_editor: Any) -> None:
        asked.append("attempt")
        raise_lock_error(carrier)

    faults.on_run["task"] = lose_the_lock
    carrier.before_step = before_step  # type: ignore[method-assign]
    # On MariaDB the operation is repeated, inside of its step.
    expected = StepFailed if carrier.connection.vendor == "mysql" else LockNotAcquired
    with pytest.raises(expected, match="was lost"):
        carrier.to("0007_task")
    assert asked == ["before step", "attempt", "before step"]
    last = carrier.named(events.STEP_FINISHED)[-1]
    assert last["status"] == "failed"
    assert "The run lock was lost." in last["error"]


class TestSquashed:
    """The records must be those that Django's own executor leaves, whatever the release before."""

    RELEASES: ClassVar[list[str]] = ["squashed", "alone"] + (
        ["nested"] if django.VERSION >= (6, 0) else []
    )

    @pytest.mark.parametrize("folder", RELEASES)
    @pytest.mark.parametrize("fake", [False, True])
    def test_records(
        self, carrier: Carrier, release: Any, make_database: Any, folder: str, fake: bool
    ) -> None:
        release(folder)
        ours = self.records_of(carrier, fake=fake)
        with open_connection(make_database()) as other:
            theirs = self.records_of_django(other, fake=fake)
        assert ours == theirs
        assert ours[1] == []

    def records_of(self, carrier: Carrier, *, fake: bool) -> list[list[Any]]:
        found = []
        for name in (self.leaf(SafeMigrationExecutor(carrier.connection)), None):
            carrier.to(name, app="squashed", fake=fake)
            found.append(self.rows(carrier.executor))
        return found

    def records_of_django(self, connection: Any, *, fake: bool) -> list[list[Any]]:
        found = []
        for name in (self.leaf(MigrationExecutor(connection)), None):
            executor = MigrationExecutor(connection)
            executor.migrate([("squashed", name)], fake=fake)
            found.append(self.rows(executor))
        return found

    def leaf(self, executor: MigrationExecutor) -> str:
        return str(executor.loader.graph.leaf_nodes("squashed")[0][1])

    def rows(self, executor: MigrationExecutor) -> list[Any]:
        return list(executor.recorder.migration_qs.order_by("id").values_list("app", "name"))

    @pytest.mark.parametrize("folder", RELEASES)
    def test_a_release_that_squashed_records_it_late(
        self, carrier: Carrier, release: Any, make_database: Any, folder: str
    ) -> None:
        carrier.to("0003_colour", app="squashed")
        release(folder)
        carrier.to(self.leaf(SafeMigrationExecutor(carrier.connection)), app="squashed")
        with open_connection(make_database()) as other:
            release("originals")
            MigrationExecutor(other).migrate([("squashed", "0003_colour")])
            release(folder)
            executor = MigrationExecutor(other)
            executor.migrate([("squashed", self.leaf(executor))])
            assert sorted(self.rows(executor)) == sorted(self.rows(carrier.executor))

    @pytest.mark.vendors("mariadb")
    def test_a_crash_between_two_records_leaves_none(
        self, carrier: Carrier, release: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        release("squashed")
        record = MigrationRecorder.record_applied

        def crash_at_the_second(self: Any, app: str, name: str) -> None:
            if name == "0002_weight":
                raise Killed
            record(self, app, name)

        with monkeypatch.context() as patch:
            patch.setattr(MigrationRecorder, "record_applied", crash_at_the_second)
            with pytest.raises(Killed):
                carrier.to("0001_squashed_0002_weight", app="squashed")
        assert carrier.applied("squashed") == []


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_crash_on_the_way_back_leaves_everything_as_it_was(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django forgets the record after the commit; a crash between the two leaves a record without its table."""
    carrier.to("0001_initial")

    def crash(self: Any, app: str, name: str) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(MigrationRecorder, "record_unapplied", crash)
        with pytest.raises(Killed):
            carrier.to(None)
    assert "ledger_account" in carrier.database.tables()
    assert carrier.applied() == ["0001_initial"]
    carrier.to(None)
    assert carrier.applied() == []


def test_faking_backwards_leaves_the_schema(carrier: Carrier) -> None:
    carrier.to("0002_account_note")
    carrier.to("0001_initial", fake=True)
    assert carrier.applied() == ["0001_initial"]
    assert "note" in carrier.columns()
    assert carrier.named(events.STEP_FINISHED)[-1]["status"] == "faked"


def test_a_timeout_that_a_migration_sets_is_gone_at_the_next(carrier: Carrier) -> None:
    if carrier.connection.vendor == "sqlite":
        ask, change = "PRAGMA busy_timeout", "PRAGMA busy_timeout = 7000"
    elif carrier.connection.vendor == "mysql":
        ask, change = "SELECT @@lock_wait_timeout", "SET SESSION lock_wait_timeout = 7"
    else:
        ask, change = "SHOW lock_timeout", "SET lock_timeout = '7s'"
    outside = carrier.database.ask(ask)
    inside = []

    def change_timeout(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(change)

    faults.on_run["work"] = change_timeout
    faults.on_run["task"] = lambda apps, editor: inside.append(carrier.database.ask(ask))
    carrier.to("0007_task")
    assert inside == [
        [{"sqlite": (200,), "mysql": (1,), "postgresql": ("200ms",)}[carrier.connection.vendor]]
    ]
    assert carrier.database.ask(ask) == outside


def test_what_is_told_of_steps_is_told_outside_of_transactions(
    carrier: Carrier,
) -> None:
    """So that receivers of the signals, and the history, can write to the database."""
    inside: dict[str, set[bool]] = {}

    class Events(list):  # type: ignore[type-arg]
        def append(self, event: Any) -> None:
            inside.setdefault(event[0], set()).add(carrier.connection.in_atomic_block)

    carrier.to("0001_initial")
    carrier.events = Events()
    faults.on_run["note"] = fail
    with pytest.raises(StepFailed):
        carrier.to("0002_account_note")
    faults.on_run.clear()
    if carrier.connection.vendor != "mysql":
        carrier.to("0002_account_note")
        carrier.to(None)
    assert inside[events.STEP_STARTED] == inside[events.STEP_FINISHED] == {False}


def test_steps_are_carried_out_through_carry_out_only(carrier: Carrier) -> None:
    with pytest.raises(RuntimeError, match=r"^Steps are carried out through carry_out\(\)\.$"):
        carrier.executor.migrate([("ledger", "0001_initial")])
