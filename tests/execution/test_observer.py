from __future__ import annotations

from typing import Any

import pytest
from django.db import migrations, transaction
from django.db.migrations.state import ProjectState

from django_safe_migrate import events
from django_safe_migrate.execution.observer import DEFERRED, DEFERRED_DESCRIPTION, StepObserver
from django_safe_migrate.execution.step_failed import StepFailed
from django_safe_migrate.execution.targets import Planned
from tests.execution.ledger import Carrier
from tests.scenarios.ledger import faults


def fail(apps: Any, schema_editor: Any) -> None:
    raise ValueError("made to fail")


def test_deferred_sql_is_an_operation_of_its_own(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    finished = carrier.named(events.OPERATION_FINISHED)
    if carrier.connection.vendor == "sqlite":
        # The foreign key is part of CREATE TABLE; its index is deferred.
        assert "CREATE INDEX" in finished[-1]["statements"][0]["sql"]
    else:
        assert "FOREIGN KEY" in str(finished[-1]["statements"])
    assert (finished[-1]["operation"], finished[-1]["description"]) == (
        DEFERRED,
        DEFERRED_DESCRIPTION,
    )
    assert "ledger_entry" in finished[-1]["tables"]


def test_operations_are_told_in_pairs_and_in_order(carrier: Carrier) -> None:
    carrier.to("0005_account_numbers")
    carrier.events.clear()
    carrier.to("0004_account_size")
    told = [
        (name, payload["operation"])
        for name, payload in carrier.events
        if name in {events.OPERATION_STARTED, events.OPERATION_FINISHED}
    ]
    places = [place for place in (3, 2, 1, 0) for _ in range(2)]
    assert [place for _, place in told] == places
    assert [name for name, _ in told[:2]] == [events.OPERATION_STARTED, events.OPERATION_FINISHED]


@pytest.mark.parametrize("method", ["database_forwards", "database_backwards"])
def test_one_operation_object_at_two_places_is_two_operations(
    carrier: Carrier, method: str
) -> None:
    twice = migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)
    once = migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)
    migration = type("Migration", (migrations.Migration,), {"operations": [twice, once, twice]})(
        "0001_twice", "ledger"
    )
    observer = StepObserver(carrier.conduct(Planned((), [(migration, False)])), 0)
    with carrier.connection.schema_editor() as editor, observer.watching(migration, method):
        if method == "database_forwards":
            migration.apply(ProjectState(), editor)
        else:
            migration.unapply(ProjectState(), editor)
    assert observer.completed == ([0, 1, 2] if method == "database_forwards" else [2, 1, 0])
    assert method not in twice.__dict__


def test_operations_are_unwrapped_after_a_failure(carrier: Carrier) -> None:
    carrier.to("0001_initial")
    faults.on_run["note"] = fail
    with pytest.raises(StepFailed):
        carrier.to("0002_account_note")
    migration = carrier.executor.loader.graph.nodes["ledger", "0002_account_note"]
    assert all("database_forwards" not in one.__dict__ for one in migration.operations)


def test_an_operation_that_only_read_before_it_failed_left_nothing(carrier: Carrier) -> None:
    carrier.to("0006_work")

    def read_and_fail(apps: Any, schema_editor: Any) -> None:
        assert apps.get_model("ledger", "Account").objects.count() == 0
        raise ValueError("made to fail")

    faults.on_run["task"] = read_and_fail
    with pytest.raises(StepFailed) as failure:
        carrier.to("0007_task")
    assert not failure.value.is_partial
    assert not failure.value.failed_half_way


def test_rows_written_in_the_transaction_of_an_operation_are_no_remains(carrier: Carrier) -> None:
    """Django gives RunPython a transaction on MariaDB too."""
    carrier.to("0006_work")

    def write_and_fail(apps: Any, schema_editor: Any) -> None:
        apps.get_model("ledger", "Account").objects.create(name="Ada")
        raise ValueError("made to fail")

    faults.on_run["task"] = write_and_fail
    with pytest.raises(StepFailed) as failure:
        carrier.to("0007_task")
    assert not failure.value.is_partial
    assert carrier.database.count_rows("ledger_account") == 0


def test_rows_written_without_a_transaction_are_remains(carrier: Carrier) -> None:
    carrier.to("0005_account_numbers")

    def write_and_fail(apps: Any, schema_editor: Any) -> None:
        apps.get_model("ledger", "Account").objects.create(name="Ada")
        raise ValueError("made to fail")

    faults.on_run["work"] = write_and_fail
    with pytest.raises(StepFailed) as failure:
        carrier.to("0006_work")
    assert failure.value.is_partial
    assert failure.value.failed_half_way
    assert failure.value.completed == []
    assert carrier.database.count_rows("ledger_account") == 1


def test_batches_committed_by_the_operation_itself_are_remains(carrier: Carrier) -> None:
    carrier.to("0005_account_numbers")

    def batches(apps: Any, schema_editor: Any) -> None:
        for name in ("Ada", "Grace"):
            with transaction.atomic():
                apps.get_model("ledger", "Account").objects.create(name=name)
        raise ValueError("made to fail")

    faults.on_run["work"] = batches
    with pytest.raises(StepFailed) as failure:
        carrier.to("0006_work")
    assert failure.value.is_partial
    assert carrier.database.count_rows("ledger_account") == 2
