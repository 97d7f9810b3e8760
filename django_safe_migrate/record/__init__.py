"""The record of a run, folded from its events: what history, reports, admin and status read."""

from __future__ import annotations

from django_safe_migrate.record.data import (
    CRASHED,
    FAILED,
    INTERRUPTED,
    REVERTED,
    RUNNING,
    STEP_DONE,
    SUCCEEDED,
    OperationRecord,
    RunRecord,
    StageRecord,
    StatementRecord,
    StepRecord,
)
from django_safe_migrate.record.folding import apply, fold

__all__ = [
    "CRASHED",
    "FAILED",
    "INTERRUPTED",
    "REVERTED",
    "RUNNING",
    "STEP_DONE",
    "SUCCEEDED",
    "OperationRecord",
    "RunRecord",
    "StageRecord",
    "StatementRecord",
    "StepRecord",
    "apply",
    "fold",
]
