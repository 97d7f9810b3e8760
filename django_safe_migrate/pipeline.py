"""
The tuple of stages, and how a run goes through them.

The run lock is taken first and the plan is built under it. Only this module writes to a run; each result is recorded before the next
stage starts, and the record is closed whatever happens.
"""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connections

from django_safe_migrate import backup_policy, conf, events, provenance
from django_safe_migrate.backups import get_backend
from django_safe_migrate.databases import Database, RunLock, get_database
from django_safe_migrate.exceptions import Interrupted, SafeMigrateError
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.interrupts import StopRequested, stopping
from django_safe_migrate.execution.run_lock import hold
from django_safe_migrate.execution.surroundings import Surroundings
from django_safe_migrate.execution.targets import Planned
from django_safe_migrate.findings import Finding, Severity
from django_safe_migrate.history import History
from django_safe_migrate.journal import Journal
from django_safe_migrate.plan import Plan, freeze
from django_safe_migrate.record import FAILED, INTERRUPTED, SUCCEEDED, RunRecord
from django_safe_migrate.recorder import Listener, Recorder
from django_safe_migrate.retention import prune_backups
from django_safe_migrate.run import ROLLBACK, Ask, Run, RunOptions, StageResult
from django_safe_migrate.stages.backup import backup
from django_safe_migrate.stages.execute import execute
from django_safe_migrate.stages.preflight import preflight
from django_safe_migrate.stages.verify import verify
from django_safe_migrate.step_plan import step_records

Stage = Callable[[Run], StageResult]
Recover = Callable[["Request", Run, SafeMigrateError], None]

STAGES: tuple[tuple[str, Stage], ...] = (
    ("preflight", preflight),
    ("backup", backup),
    ("execute", execute),
    ("verify", verify),
)
#: Going back after a failure: assessed already, and no backup is made of what failed.
RECOVERY_STAGES: tuple[tuple[str, Stage], ...] = (("execute", execute), ("verify", verify))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What a command asks of the pipeline.

    ``planner`` is called under the run lock; ``listener`` prints what happens; ``waiting`` is told who holds the run lock while we
    wait for it; ``ask`` decides whether the run goes on after preflight; ``on_failure`` is called with the failed run and its error,
    under the run lock. ``executor`` is one made before the lock, used again when nothing was applied since.
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


def carry_out(request: Request) -> Run | None:
    """
    Carry a request out and return its run; None when there was nothing left to do once the run lock was had.

    Raises:
        SafeMigrateError: the run failed; ``record.error`` of the run holds the same.
    """
    database = get_database(connections[request.options.database])
    with stopping(), hold(database, request.options.run_lock_wait, request.waiting) as lock:
        History().import_journals(held=(database.alias,))
        executor = _current_executor(request.executor, database)
        planned = request.planner(executor)
        if not planned.plan:
            return None
        plan = freeze(database.alias, planned.targets, planned.plan)
        return carry_out_plan(request, database, executor, plan, lock)


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
    with _closing(request, run, journal):
        _announce(run)
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
    recorder = Recorder(
        record,
        journal,
        History(),
        request.listener,
        durable_operations=not database.can_rollback_ddl,
    )
    needs_backup, reason = backup_policy.decide(options, database, plan, state)
    record.steps = step_records(plan, state, can_rollback_ddl=database.can_rollback_ddl)
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
        options=options.to_json(),
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


def _report_failure_to_write(run: Run, journal: Journal) -> None:
    """Say that the journal has gaps: the disk is full, or its folder is gone."""
    if journal.failure:
        run.emit(events.NOTICE, message=journal.failure)


def _carry_out_stage(run: Run, name: str, stage: Stage) -> None:
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


@contextmanager
def _closing(request: Request, run: Run, journal: Journal) -> Iterator[None]:
    """Close the record whatever happens, and turn a signal into an ``Interrupted``."""
    try:
        yield
        _report_failure_to_write(run, journal)
    except StopRequested as stop:
        error = _interrupted(run, stop)
        _finish(run, INTERRUPTED, error)
        raise error from None
    except SafeMigrateError as error:
        if request.on_failure is not None:
            request.on_failure(request, run, error)
        _finish(run, FAILED, error)
        raise
    except Exception as error:
        _finish(run, FAILED, SafeMigrateError(describe(error), changed=_changed_so_far(run)))
        raise
    else:
        prune_backups(run)
        _finish(run, SUCCEEDED, None)
    finally:
        journal.close()


def _finish(run: Run, status: str, error: SafeMigrateError | None) -> None:
    told = error.to_json() if error is not None else None
    run.emit(
        events.RUN_FINISHED, status=status, exit_code=error.exit_code if error else 0, error=told
    )


def _interrupted(run: Run, stop: StopRequested) -> Interrupted:
    return Interrupted(
        f"The run was stopped by {stop}.",
        signal_number=stop.number,
        changed=_changed_so_far(run),
        next_command=f"migrate_status{run.database_option}",
    )


def _changed_so_far(run: Run) -> str:
    """Say what a run that ended between two steps, or inside one, has changed."""
    record = run.record
    done = [step.label for step in record.steps_done]
    under_way = [step for step in record.steps if step.status == "running"]
    half = [step.label for step in under_way if record.may_be_half_done(step)]
    if half:
        return f"The database was changed: {len(done)} of {len(record.steps)} planned migrations are done; {half[0]} may be half done."
    if done:
        return f"The database was changed: {len(done)} of {len(record.steps)} planned migrations are done ({', '.join(done)})."
    return (
        "The database was not changed: no migration was finished, and the one under way was rolled back."
        if under_way
        else ""
    )
