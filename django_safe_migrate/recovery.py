"""What follows a failed run when more was asked for than to stop: going back, by the same stages, or restoring the run's backup."""

from __future__ import annotations

import dataclasses

from django_safe_migrate import events
from django_safe_migrate.backups import get_backend
from django_safe_migrate.exceptions import MigrationFailed, SafeMigrateError, UnsafePlan
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.partial import revert_partial
from django_safe_migrate.execution.targets import plan_between
from django_safe_migrate.pipeline import RECOVERY_STAGES, Request, carry_out, carry_out_plan
from django_safe_migrate.plan import freeze
from django_safe_migrate.record import FAILED, REVERTED, StepRecord
from django_safe_migrate.repair.half_done import (
    carry_out_half_done,
    find_half_done,
    why_not_undone,
)
from django_safe_migrate.repair.problem import REVERT, Session, Ways
from django_safe_migrate.restore import RestoreRequest, restore_backup
from django_safe_migrate.run import REPAIR, ROLLBACK, Run, RunOptions
from django_safe_migrate.status.migrations import read


def carry_out_with_recovery(request: Request) -> Run | None:
    """
    Carry a request out; when that fails after the database was touched, do what ``options.on_failure`` says.

    Raises:
        SafeMigrateError: the run failed; its ``changed`` says what recovery made of the database.
    """
    return carry_out(dataclasses.replace(request, on_failure=_recover))


def _recover(request: Request, run: Run, error: SafeMigrateError) -> None:
    """Go back, under the run lock still held; the error's text is changed to what is true afterwards."""
    failed = [step for step in run.record.steps if step.status == FAILED]
    touched = run.failure is not None or bool(failed or run.record.steps_done)
    if run.failure is not None and run.failure.stop_reason:
        # Nothing is wrong with the migrations; who stopped them did not ask for more work.
        return
    if run.options.on_failure == "stop" or isinstance(error, UnsafePlan) or not touched:
        return
    if run.options.on_failure == "restore":
        _restore(request, run, error)
    else:
        _roll_back(request, run, error)


def _roll_back(request: Request, run: Run, error: SafeMigrateError) -> None:
    try:
        if run.failure is not None and run.failure.is_partial:
            revert_partial(run.executor, run.failure, run.database)
            _note_reverted(run, [step for step in run.record.steps if step.status == FAILED])
        if run.options.kind == REPAIR:
            _undo_half_done(request, run)
        executor = SafeMigrationExecutor(run.database.connection)
        before = run.record.applied_before
        wanted = [
            _key(label)
            for label in (before if request.applied_before is None else request.applied_before)
        ]
        for planned in plan_between(executor, wanted):
            plan = freeze(run.database.alias, planned.targets, planned.plan)
            carry_out_plan(_recovery_request(request, run), run.database, executor, plan, run.lock)
            executor = SafeMigrationExecutor(run.database.connection)
    except Exception as second:
        error.changed = f"{error.changed} Rolling back failed as well: {_told(second)}"
        error.next_command = f"migrate_status{run.database_option}"
        raise error from second
    _note_reverted(run, run.record.steps_done)
    error.changed = (
        "The database was rolled back: exactly the migrations applied before this run are applied."
    )
    error.next_command = f"safemigrate{run.database_option}   (after mending the migration)"


def _undo_half_done(request: Request, run: Run) -> None:
    """Bring what an earlier run left half done, and what this one could not finish, back to where it was before either."""
    ways = Ways(
        database=run.options.database,
        actions=frozenset({REVERT}),
        backup="never",
        lock_timeout=run.options.lock_timeout,
        statement_timeout=run.options.statement_timeout,
    )
    session = Session(ways, run.database, run.lock, request.surroundings, request.listener)
    failed = {step.label: step for step in run.record.steps if step.status == FAILED}
    migrations = read(run.database.connection)
    for found in find_half_done(run.database, migrations, ways):
        step = failed.get(found.half.migration)
        if step is None:
            continue
        if reason := why_not_undone(found):
            raise MigrationFailed(f"{step.label} cannot be undone: {reason}.")
        carry_out_half_done(session, found, forwards=found.half.direction != "forwards")
        _note_reverted(run, [step])


def _told(error: Exception) -> str:
    """The text of an error of ours, or of another without the values of rows."""
    return error.message if isinstance(error, SafeMigrateError) else describe(error)


def _note_reverted(run: Run, steps: list[StepRecord]) -> None:
    """Write down that nothing is left of these steps after all."""
    for step in steps:
        run.emit(
            events.STEP_FINISHED,
            index=run.record.steps.index(step),
            status=REVERTED,
            seconds=step.seconds,
            error=step.error,
        )


def _recovery_request(request: Request, run: Run) -> Request:
    options = RunOptions(
        database=run.options.database,
        kind=ROLLBACK,
        backup="never",
        lock_timeout=run.options.lock_timeout,
        statement_timeout=run.options.statement_timeout,
        terminate_blockers=run.options.terminate_blockers,
        fake=run.options.fake,
        rollback_of=run.record.id,
    )
    return dataclasses.replace(request, options=options, stages=RECOVERY_STAGES, on_failure=None)


def _restore(request: Request, run: Run, error: SafeMigrateError) -> None:
    if run.record.backup is None:
        error.changed = (
            f"{error.changed} Nothing was restored: this run made no backup ({run.backup_reason})"
        )
        return
    name = run.record.backup["name"]
    restore = RestoreRequest(name=name, listener=request.listener, rollback_of=run.record.id)
    try:
        result = restore_backup(restore, run.database, get_backend(run.settings))
    except SafeMigrateError as second:
        error.changed = f"{error.changed} Restoring {name} failed as well: {second.message}"
        error.next_command = f"migrate_backup restore {name}{run.database_option}"
        raise error from second
    _note_reverted(
        run,
        [s for s in run.record.steps if s.is_done or run.record.may_be_half_done(s)],
    )
    error.changed = f"The database was restored from {name}. {_kept(result.kept)}"
    error.next_command = f"safemigrate{run.database_option}   (after mending the migration)"


def _kept(kept: str) -> str:
    return (
        f"The state before the restore is kept as {kept}."
        if kept
        else "The state before the restore was not kept."
    )


def _key(label: str) -> tuple[str, str]:
    app_label, _, name = label.partition(".")
    return app_label, name
