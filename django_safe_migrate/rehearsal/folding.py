"""Adding up what the process that rehearses tells to the receipt."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from django_safe_migrate import events
from django_safe_migrate.rehearsal import telling
from django_safe_migrate.rehearsal.receipt import (
    AGAIN,
    Comparison,
    OperationReceipt,
    PassReceipt,
    RehearsalFailure,
    RehearsalReceipt,
    StepReceipt,
    TableChange,
)

Line = Mapping[str, Any]


def fold(receipt: RehearsalReceipt, line: Line) -> None:
    """Add one line; what has nothing to say to a receipt is passed over."""
    add = _FOLDS.get(line["event"])
    if add is not None:
        add(receipt, line)


def _pass_started(receipt: RehearsalReceipt, line: Line) -> None:
    steps = [StepReceipt(**step) for step in line["steps"]]
    receipt.passes.append(PassReceipt(name=line["name"], steps=steps))


def _pass_finished(receipt: RehearsalReceipt, line: Line) -> None:
    receipt.passes[-1].status = line["status"]
    receipt.passes[-1].seconds = line["seconds"]


def _step_started(receipt: RehearsalReceipt, line: Line) -> None:
    step = _step(receipt, line)
    step.status, step.operations = "running", []


def _operation_finished(receipt: RehearsalReceipt, line: Line) -> None:
    # The third time adds nothing to what the SQL is.
    statements = [] if receipt.passes[-1].name == AGAIN else line["statements"]
    _step(receipt, line).operations.append(
        OperationReceipt(
            index=line["operation"],
            description=line["description"],
            seconds=line["seconds"],
            statements=statements,
            tables=line["tables"],
            measured=line["measured"],
        )
    )


def _step_finished(receipt: RehearsalReceipt, line: Line) -> None:
    step = _step(receipt, line)
    step.status, step.seconds = line["status"], line["seconds"]
    step.error = line.get("error", "")


def _noticed(receipt: RehearsalReceipt, line: Line) -> None:
    receipt.ended_by = line["ended_by"]


def _compared(receipt: RehearsalReceipt, line: Line) -> None:
    told = line["comparison"]
    tables = [TableChange(**change) for change in told["tables"]]
    receipt.comparison = Comparison(**{**told, "tables": tables})


def _failed(receipt: RehearsalReceipt, line: Line) -> None:
    known = {field.name for field in dataclasses.fields(RehearsalFailure)}
    receipt.failure = RehearsalFailure(**{key: one for key, one in line.items() if key in known})


def _step(receipt: RehearsalReceipt, line: Line) -> StepReceipt:
    return receipt.passes[-1].steps[line["index"]]


_FOLDS: dict[str, Callable[[RehearsalReceipt, Line], None]] = {
    telling.PASS_STARTED: _pass_started,
    telling.PASS_FINISHED: _pass_finished,
    telling.COMPARED: _compared,
    telling.NOTICED: _noticed,
    telling.FAILED: _failed,
    events.STEP_STARTED: _step_started,
    events.OPERATION_FINISHED: _operation_finished,
    events.STEP_FINISHED: _step_finished,
}
