from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from django_safe_migrate import events
from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.targets import Planned
from django_safe_migrate.history import History
from django_safe_migrate.record import RunRecord
from django_safe_migrate.rollback import Wanted, plan_rollback
from tests.execution.ledger import CROSSING, LEDGER, Carrier

NOTHING = Planned((), [])


@pytest.fixture
def carrier(connection: Any, settings: Any, tmp_path: Path) -> Any:
    """The ledger, and two apps that depend on one another, in a database with a history."""
    settings.SAFE_MIGRATE = {"JOURNAL_DIR": str(tmp_path)}
    installed = [*project_settings.INSTALLED_APPS, LEDGER, *CROSSING]
    with override_settings(INSTALLED_APPS=installed):
        call_command("migrate", "django_safe_migrate", verbosity=0, interactive=False)
        yield Carrier(connection)


def plan(carrier: Carrier, **wanted: Any) -> list[str]:
    """Return what would be unapplied, in order."""
    planned = plan_rollback(SafeMigrationExecutor(carrier.connection), Wanted(**wanted))
    assert all(backwards for _, backwards in planned.plan)
    return [str(migration) for migration, _ in planned.plan]


def refusal(carrier: Carrier, **wanted: Any) -> str:
    with pytest.raises(CommandError) as raised:
        plan(carrier, **wanted)
    return str(raised.value)


def run_that_began_now(carrier: Carrier, database: str = "default") -> str:
    """Write a run to the history whose beginning is the present state; return its id."""
    applied = SafeMigrationExecutor(carrier.connection).loader.applied_migrations
    record = RunRecord(
        str(uuid.uuid4()),
        database=database,
        status="succeeded",
        started_at=events.timestamp(),
        applied_before=sorted(f"{app}.{name}" for app, name in applied),
    )
    assert History().save(record) == ""
    return record.id


class TestSteps:
    def test_the_last_ones_as_they_were_applied(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        carrier.to("0001_initial", app="books")
        carrier.to("0002_account_note")
        assert plan(carrier, steps=1) == ["ledger.0002_account_note"]
        assert plan(carrier, steps=3) == [
            "ledger.0002_account_note",
            "books.0001_initial",
            "authors.0001_initial",
        ]

    def test_an_old_record_of_an_app_that_is_gone_is_no_obstacle(self, carrier: Carrier) -> None:
        carrier.executor.recorder.record_applied("removed", "0001_initial")
        carrier.to("0001_initial")
        assert plan(carrier, steps=1) == ["ledger.0001_initial"]

    @pytest.mark.vendors("sqlite")
    @pytest.mark.parametrize("count", [0, -1])
    def test_fewer_than_one_is_a_mistake(self, carrier: Carrier, count: int) -> None:
        assert refusal(carrier, steps=count) == f"--steps is {count}; it must be at least 1."


class TestRun:
    def test_back_to_the_set_before_it(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        run_id = run_that_began_now(carrier)
        carrier.to("0002_account_note")
        carrier.to("0001_initial", app="authors")
        found = plan(carrier, run=run_id)
        assert sorted(found) == ["authors.0001_initial", "ledger.0002_account_note"]
        assert plan(carrier, run=run_id[:8]) == found

    def test_nothing_to_undo(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        run_id = run_that_began_now(carrier)
        executor = SafeMigrationExecutor(carrier.connection)
        assert plan_rollback(executor, Wanted(run=run_id)) == NOTHING

    def test_both_directions_are_refused_with_the_way_out(self, carrier: Carrier) -> None:
        carrier.to("0001_initial", app="authors")
        carrier.to("0001_initial")
        run_id = run_that_began_now(carrier)
        carrier.to("0002_account_note")
        carrier.to(None, app="authors")
        assert refusal(carrier, run=run_id) == (
            f"Before run {run_id} other migrations were applied and others were not: going back there needs both directions. "
            "First run: migrate_rollback --to APP MIGRATION; then: safemigrate. "
            "To unapply: ledger.0002_account_note. To apply: authors.0001_initial."
        )

    @pytest.mark.vendors("sqlite")
    def test_a_run_that_only_has_to_go_forwards_is_no_rollback(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        run_id = run_that_began_now(carrier)
        carrier.to(None)
        assert refusal(carrier, run=run_id) == (
            f"Everything that run {run_id} added is undone already, and what was applied before it is not: "
            "ledger.0001_initial. To apply it, run: safemigrate"
        )

    @pytest.mark.vendors("sqlite")
    def test_a_run_that_is_not_known(self, carrier: Carrier) -> None:
        assert refusal(carrier, run="4711") == (
            "There is no run '4711' on database 'default'. See: migrate_status --history"
        )

    @pytest.mark.vendors("sqlite")
    def test_a_run_on_another_database(self, carrier: Carrier) -> None:
        run_id = run_that_began_now(carrier, database="other")
        assert "There is no run" in refusal(carrier, run=run_id)

    @pytest.mark.vendors("sqlite")
    def test_letters_that_two_runs_begin_with(self, carrier: Carrier) -> None:
        ids = [f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in range(2)]
        for run_id in ids:
            History().save(RunRecord(run_id, status="failed", started_at=events.timestamp()))
        with pytest.raises(
            SafeMigrateError, match="Several runs have an id that begins with 'aaaa'"
        ):
            plan(carrier, run="aaaa")


class TestTo:
    def test_down_to_a_migration(self, carrier: Carrier) -> None:
        carrier.to("0003_account_colour")
        assert plan(carrier, to=("ledger", "0001")) == [
            "ledger.0003_account_colour",
            "ledger.0002_account_note",
        ]

    def test_to_zero_with_what_depends_on_it(self, carrier: Carrier) -> None:
        carrier.to("0001_initial", app="books")
        assert plan(carrier, to=("authors", "zero")) == [
            "books.0001_initial",
            "authors.0001_initial",
        ]

    @pytest.mark.vendors("sqlite")
    def test_where_it_is_already(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        assert plan(carrier, to=("ledger", "0001")) == []

    @pytest.mark.vendors("sqlite")
    def test_one_that_is_not_applied(self, carrier: Carrier) -> None:
        carrier.to("0001_initial")
        assert refusal(carrier, to=("ledger", "0002_account_note")) == (
            "ledger 0002_account_note is not applied, so going there is not going back. "
            "Run: safemigrate ledger 0002_account_note"
        )

    @pytest.mark.vendors("sqlite")
    @pytest.mark.parametrize(
        ("to", "told"),
        [
            (("nowhere", "zero"), "No installed app with label 'nowhere'."),
            (("messages", "zero"), "App 'messages' does not have migrations."),
            (("ledger", "9"), "Cannot find a migration matching '9' from app 'ledger'."),
            (
                ("ledger", "00"),
                "More than one migration matches '00' in app 'ledger'. Please be more specific.",
            ),
        ],
    )
    def test_what_is_not_known(self, carrier: Carrier, to: tuple[str, str], told: str) -> None:
        assert refusal(carrier, to=to) == told


@pytest.mark.vendors("sqlite")
def test_nothing_wanted(carrier: Carrier) -> None:
    assert refusal(carrier) == "Say what to go back to: --steps, --run, --to or --restore."
