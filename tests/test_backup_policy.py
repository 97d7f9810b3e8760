from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.test import override_settings

from django_safe_migrate.backup_policy import decide
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.targets import plan_for
from django_safe_migrate.plan import freeze
from django_safe_migrate.run import RunOptions
from tests.execution.ledger import LEDGER, Carrier


@pytest.fixture
def carrier(connection: Any) -> Iterator[Carrier]:
    with override_settings(INSTALLED_APPS=[*project_settings.INSTALLED_APPS, LEDGER]):
        yield Carrier(connection)


def decision(carrier: Carrier, target: str | None, **options: Any) -> tuple[bool, str]:
    """Return what is decided for going to a migration of the ledger."""
    executor = SafeMigrationExecutor(carrier.connection)
    planned = plan_for(executor, (("ledger", target),))
    plan = freeze("default", planned.targets, planned.plan)
    return decide(RunOptions(**options), carrier.database, plan, executor.state_without(plan))


@pytest.mark.parametrize("backup", ["always", "destructive"])
def test_an_empty_database_has_nothing_to_lose(carrier: Carrier, backup: str) -> None:
    told = (False, "No backup: the database is empty.")
    assert decision(carrier, "0001_initial", backup=backup) == told


@pytest.mark.vendors("sqlite")
def test_switched_off(carrier: Carrier) -> None:
    carrier.to("0002_account_note")
    assert decision(carrier, None, backup="never") == (False, "No backup: switched off.")


@pytest.mark.vendors("sqlite")
def test_faking_changes_no_data(carrier: Carrier) -> None:
    carrier.to("0002_account_note")
    told = (False, "No backup: --fake only records migrations.")
    assert decision(carrier, None, backup="always", fake=True) == told


def test_always(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    told = (True, "Backup before every run.")
    assert decision(carrier, "0002_account_note", backup="always") == told


def test_destructive_only_when_data_can_be_lost(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    needed, reason = decision(carrier, "0002_account_note", backup="destructive")
    # Its RunPython may do anything.
    assert needed
    assert reason.startswith("Backup because the plan can lose data: ledger.0002_account_note ")
    assert reason.endswith(".")


def test_going_back_loses_what_was_added(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    needed, reason = decision(carrier, None, backup="destructive")
    assert needed
    assert "drops table ledger_account" in reason
    assert "drops table ledger_entry" in reason


@pytest.mark.vendors("sqlite")
def test_a_plan_that_loses_nothing(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    with override_settings(
        INSTALLED_APPS=[*project_settings.INSTALLED_APPS, "tests.scenarios.squashed"],
        MIGRATION_MODULES={"squashed": "tests.scenarios.squashed.originals"},
    ):
        executor = SafeMigrationExecutor(carrier.connection)
        planned = plan_for(executor, (("squashed", "0003_colour"),))
        plan = freeze("default", planned.targets, planned.plan)
        told = decide(
            RunOptions(backup="destructive"), carrier.database, plan, executor.state_without(plan)
        )
    assert told == (False, "No backup: the plan cannot lose data.")
