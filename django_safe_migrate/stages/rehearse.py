"""Carry the plan out on a restored copy, before the database itself is touched; what fails there ends the run here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_safe_migrate import events
from django_safe_migrate.analysis.destruction import destroys_data
from django_safe_migrate.backups import Receipt
from django_safe_migrate.execution.run_lock import ensure_ready
from django_safe_migrate.rehearsal.directing import RehearsalRequest, failure_of
from django_safe_migrate.rehearsal.directing import rehearse as rehearse_plan
from django_safe_migrate.rehearsal.receipt import FORWARDS, FULL, RETURN, SCHEMA
from django_safe_migrate.run import Run, StageResult

if TYPE_CHECKING:
    from django_safe_migrate.rehearsal.receipt import RehearsalReceipt


_ON_COPY = "Before anything is touched, on a restored copy"
_DECISIONS = {
    FORWARDS: f"{_ON_COPY}.",
    RETURN: f"{_ON_COPY}: there, back, and there again.",
    FULL: f"{_ON_COPY}: there, back, and there again, with every table compared.",
    SCHEMA: "Before anything is touched, on the schema and a sample of the rows: there, back, and there again.",
}


def rehearse(run: Run) -> StageResult:
    """Restore the run's backup into a scratch database, or take a sample, and rehearse there, unless there is nothing to rehearse."""
    if reason := _needless(run):
        return StageResult("skipped", detail={"reason": reason})
    backend, settings = run.backup_backend(), run.settings
    # The backup may have taken longer than a silent connection lives.
    ensure_ready(run.lock, run.database)
    # A rehearsal, or a restore, that was killed; nobody else is at work as long as we hold the run lock.
    for done in backend.repair(run.database):
        run.emit(events.NOTICE, message=done)
    receipt = rehearse_plan(
        RehearsalRequest(
            plan=run.plan,
            database=run.database,
            applied=frozenset(run.executor.loader.applied_migrations),
            backend=backend,
            backup=None if run.options.rehearse == SCHEMA else _backup(run),
            settings=settings,
            extent=run.options.rehearse,
            lock_timeout=run.options.lock_timeout,
            statement_timeout=run.options.statement_timeout,
        ),
        lambda line, receipt: _tell(run, line, receipt),
    )
    for notice in receipt.notices:
        run.emit(events.NOTICE, message=notice)
    error = failure_of(receipt, f"safemigrate --rehearse{run.database_option}")
    status = "passed" if error is None else "failed"
    return StageResult(status, detail={"rehearsal": receipt.to_json()}, error=error)


def decision(run: Run) -> str:
    """Return in a sentence whether a run will rehearse its plan, and how far; empty when it was not asked to."""
    if not run.options.rehearse:
        return ""
    return _needless(run) or _DECISIONS[run.options.rehearse]


def _needless(run: Run) -> str:
    if run.options.fake:
        return "Not rehearsed: --fake only records migrations."
    if not run.database.tables():
        return "Not rehearsed: the database is empty."
    if run.options.rehearse_if_destructive and not destroys_data(run.plan, run.state_without_plan):
        return "Not rehearsed: the plan cannot lose data."
    return ""


def _backup(run: Run) -> Receipt:
    """The run's backup serves both; where it needed none, or took over one of a state before this, another is made."""
    if run.record.backup is not None and run.earlier_backup is None:
        return Receipt.from_json(run.record.backup)
    receipt = run.backup_backend().create(run.database, run_id=run.record.id)
    if run.earlier_backup is None:
        run.emit(events.BACKUP_CREATED, receipt=receipt.told())
    else:
        # What a failure brings back stays the state before the whole command.
        run.emit(events.NOTICE, message=f"The backup {receipt.name} was made for the rehearsal.")
    return receipt


def _tell(run: Run, line: dict[str, Any], receipt: RehearsalReceipt) -> None:
    if line["event"] == events.STEP_FINISHED:
        done = receipt.passes[-1]
        run.emit(
            events.STEP_REHEARSED,
            index=[step.label for step in run.record.steps].index(done.steps[line["index"]].label),
            rehearsed=done.name,
            status=line["status"],
            seconds=line["seconds"],
        )
