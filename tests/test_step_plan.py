from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.test import override_settings

from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.targets import plan_for
from django_safe_migrate.plan import freeze
from django_safe_migrate.record import StepRecord
from django_safe_migrate.step_plan import step_records
from tests.execution.ledger import LEDGER, Carrier

NOTE = "column note of ledger_account is dropped with its values"
TABLES = [
    "table ledger_account is dropped with its rows",
    "table ledger_entry is dropped with its rows",
]


@pytest.fixture
def carrier(connection: Any) -> Iterator[Carrier]:
    with override_settings(INSTALLED_APPS=[*project_settings.INSTALLED_APPS, LEDGER]):
        yield Carrier(connection)


def records(carrier: Carrier, target: str | None) -> list[StepRecord]:
    executor = SafeMigrationExecutor(carrier.connection)
    planned = plan_for(executor, (("ledger", target),))
    plan = freeze("default", planned.targets, planned.plan)
    state = executor.state_without(plan)
    before = state.clone()
    found = step_records(plan, state, can_rollback_ddl=carrier.database.can_rollback_ddl)
    assert state == before
    return found


def test_forwards(carrier: Carrier) -> None:
    first, second, _, fourth = records(carrier, "0004_account_size")
    assert (first.label, first.direction, first.status) == (
        "ledger.0001_initial",
        "forwards",
        "planned",
    )
    assert first.lossy == TABLES
    assert second.lossy == [NOTE]
    assert first.irreversible == second.irreversible == []
    # A transaction that does not undo the schema makes nothing atomic.
    assert (second.atomic, fourth.atomic) == (carrier.connection.vendor != "mysql", False)


@pytest.mark.vendors("sqlite")
def test_backwards(carrier: Carrier) -> None:
    """The same losses, in the order of going back; the state of each step is the one before it."""
    carrier.to("0002_account_note")
    second, first = records(carrier, None)
    assert (second.label, second.direction) == ("ledger.0002_account_note", "backwards")
    assert second.lossy == [NOTE]
    assert first.lossy == TABLES
