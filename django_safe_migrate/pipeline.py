"""
The tuple of stages, and how a run goes through them.

The run lock is taken first and the plan is built under it. Only this module writes to a run; each result is recorded before the next
stage starts, and the record is closed whatever happens.
"""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connections

from django_safe_migrate import backup_policy, conf, events, provenance
from django_safe_migrate.backups import get_backend
from django_safe_migrate.closing import closing, stopped_before_a_run
from django_safe_migrate.databases import Database, RunLock, get_database
from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.interrupts import ensure_not_stopped, pass_over, stopping
from django_safe_migrate.execution.run_lock import hold
from django_safe_migrate.execution.surroundings import Surroundings
from django_safe_migrate.execution.targets import Planned
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.history import History
from django_safe_migrate.journal import Journal
from django_safe_migrate.plan import Plan, freeze
from django_safe_migrate.record import RunRecord
from django_safe_migrate.recorder import Listener, Recorder
from django_safe_migrate.run import ROLLBACK, Ask, Run, RunOptions, StageResult
from django_safe_migrate.stages.backup import backup
from django_safe_migrate.stages.execute import execute
from django_safe_migrate.stages.preflight import preflight
from django_safe_migrate.stages.rehearse import rehearse
from django_safe_migrate.stages.verify import verify
from django_safe_migrate.step_plan import foreseen_steps

Stage = Callable[[Run], StageResult]
Recover = Callable[["Request", Run, SafeMigrateError], None]
First = Callable[["Request", Database, RunLock], "Request"]

STAGES: tuple[tuple[str, Stage], ...] = (
    ("preflight", preflight),
    ("backup", backup),
    ("execute", execute),
    ("verify", verify),
)
#: The same, with the plan carried out on a copy first.
REHEARSED_STAGES = (*STAGES[:2], ("rehearse", rehearse), *STAGES[2:])
#: Going back after a failure: assessed already, and no backup is made of what failed.
RECOVERY_STAGES: tuple[tuple[str, Stage], ...] = (("execute", execute), ("verify", verify))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What a command asks of the pipeline.

    ``planner`` is called under the run lock; ``listener`` prints what happens; ``waiting`` is told who holds the run lock while we
    wait for it; ``ask`` decides whether the run goes on after preflight; ``on_failure`` is called with the failed run and its error,
    under the run lock. ``executor`` is one made before the lock, used again when nothing was applied since. ``first`` is called under the
    run lock before anything is planned, and gives the request for what is left to do; ``notices`` go to the record of the run.
    ``backup`` is the receipt of one that an earlier run of the same command has made, ``applied_before`` what was applied before that run.
    """

    options: RunOptions
    planner: Callable[[SafeMigrationExecutor], Planned]
    surroundings: Surroundings
    listener: Listener
    waiting: Callable[[str], None]
    ask: Ask
    executor: SafeMigrationExecutor | None = None
    on_failure: Recover | None = None
    stages: tuple[tuple[str, Stage], ...] = STAGES
    first: First | None = None
    notices: tuple[str, ...] = ()
    backup: dict[str, Any] | None = None
    applied_before: tuple[str, ...] | None = None


def carry_out(request: Request) -> Run | None:
    """
    Carry a request out and return its run; None when there was nothing left to do once the run lock was had.

    Raises:
        SafeMigrateError: the run failed; ``record.error`` of the run holds the same.
    """
    database = get_database(connections[request.options.database])
    options = request.options
    with (
        stopping(database.statement_canceller()),
        stopped_before_a_run(database.alias),
        hold(database, options.run_lock_wait, request.waiting) as lock,
    ):
        History().import_journals(held=(database.alias,))
        if request.first is not None:
            request = request.first(request, database, lock)
        executor = _current_executor(request.executor, database)
        planned = request.planner(executor)
        if not planned.plan:
            return None
        plan = freeze(database.alias, planned.targets, planned.plan)
        try:
            return carry_out_plan(request, database, executor, plan, lock)
        finally:
            pass_over()


def _stop_there(request: Request, run: Run, error: SafeMigrateError) -> None:
    """Leave a failed run as it is."""


def _current_executor(
    executor: SafeMigrationExecutor | None, database: Database
) -> SafeMigrationExecutor:
    """Return the executor made before the lock if it still tells the truth, else a new one."""
    if executor is not None and set(executor.recorder.applied_migrations()) == set(
        executor.loader.applied_migrations
    ):
        return executor
    return SafeMigrationExecutor(database.connection)


def carry_out_plan(
    request: Request, database: Database, executor: SafeMigrationExecutor, plan: Plan, lock: RunLock
) -> Run:
    """Carry a plan out under a run lock that the caller holds."""
    run, journal = _begin(request, database, executor, plan, lock)
    recover = request.on_failure or _stop_there
    with closing(run, journal, lambda error: recover(request, run, error)):
        _announce(run)
        for notice in request.notices:
            run.emit(events.NOTICE, message=notice)
        _report_journal(run, journal)
        _tell_losses(run)
        for name, stage in request.stages:
            _carry_out_stage(run, name, stage)
    return run


def _begin(
    request: Request, database: Database, executor: SafeMigrationExecutor, plan: Plan, lock: RunLock
) -> tuple[Run, Journal]:
    options, settings = request.options, conf.load()
    state = executor.state_without(plan)
    record = RunRecord(str(uuid.uuid4()))
    journal = Journal.open(record.id, database.alias)
    recorder = Recorder(record, journal, History(), request.listener)
    needs_backup, reason = backup_policy.decide(options, database, plan, state)
    if request.backup is not None:
        needs_backup, reason = False, "The backup made before, by this command, serves here too."
    record.steps, foresight = foreseen_steps(executor, plan, state, database, settings, options)
    run = Run(
        options=options,
        settings=settings,
        database=database,
        executor=executor,
        plan=plan,
        record=record,
        emit=recorder.emit,
        lock=lock,
        surroundings=request.surroundings,
        ask=request.ask,
        state_without_plan=state,
        is_first_install=not executor.loader.applied_migrations,
        needs_backup=needs_backup,
        foresight=foresight,
        earlier_backup=request.backup,
        backup_reason=reason,
        backup_backend=lambda: get_backend(settings),
    )
    return run, journal


def _announce(run: Run) -> None:
    """Write down everything known before anything happens."""
    options = run.options
    run.emit(
        events.RUN_STARTED,
        kind=options.kind,
        database=options.database,
        vendor=run.database.connection.vendor,
        server=run.database.server,
        fingerprint=run.plan.fingerprint,
        # Whose lock it is, a server may not tell.
        options={**options.to_json(), "lock_session": run.lock.session_name},
        rollback_of=options.rollback_of,
        applied_before=sorted(
            f"{app}.{name}" for app, name in run.executor.loader.applied_migrations
        ),
        plan=[dataclasses.asdict(step) for step in run.record.steps],
        **provenance.facts(run.settings.release),
    )


def _report_journal(run: Run, journal: Journal) -> None:
    if journal.fallback:
        finding = Finding(
            rule="journal_elsewhere",
            severity=Severity.WARNING,
            message=journal.fallback,
            hint="Set SAFE_MIGRATE['JOURNAL_DIR'] to a folder that this user can write and that outlives the process.",
        )
        run.emit(events.FINDING_NOTICED, stage="", finding=finding.to_json())


def _tell_losses(run: Run) -> None:
    """Say before a rollback what it brings back without its data, and what it drops."""
    if run.options.kind == ROLLBACK:
        for step in run.record.steps:
            for loss in step.lossy:
                run.emit(events.NOTICE, message=f"Undoing {step.label}: {loss}.")


def _carry_out_stage(run: Run, name: str, stage: Stage) -> None:
    ensure_not_stopped()
    run.emit(events.STAGE_STARTED, stage=name)
    started = time.perf_counter()
    try:
        result = stage(run)
    except Exception as error:
        _finish_stage(run, name, started, StageResult("failed", detail={"error": describe(error)}))
        raise
    _finish_stage(run, name, started, result)
    if result.error is not None:
        raise result.error


def _finish_stage(run: Run, name: str, started: float, result: StageResult) -> None:
    for finding in result.findings:
        run.emit(events.FINDING_NOTICED, stage=name, finding=finding.to_json())
    seconds = time.perf_counter() - started
    run.emit(
        events.STAGE_FINISHED,
        stage=name,
        status=result.status,
        seconds=seconds,
        detail=result.detail,
    )
