"""Carry the plan out on the real database: the only stage that changes it."""

from __future__ import annotations

from typing import Any

from django_safe_migrate.exceptions import LockNotAcquired, MigrationFailed, SafeMigrateError
from django_safe_migrate.execution import resources
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.executor import StepFailed
from django_safe_migrate.execution.observer import DEFERRED, DEFERRED_DESCRIPTION, Conduct
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.execution.run_lock import ensure_held
from django_safe_migrate.plan import freeze
from django_safe_migrate.run import Run, StageResult
from django_safe_migrate.verification import measure


def execute(run: Run) -> StageResult:
    """Measure, send ``pre_migrate``, carry every step out, send ``post_migrate``, measure again."""
    ensure_same_plan(run)
    run.baseline = measure(
        run.database,
        run.settings,
        plan=run.plan,
        row_counts=run.backup_row_counts,
        state=run.state_without_plan,
    )
    connection = run.database.connection
    state = run.executor.current_state()
    try:
        run.surroundings.before(connection, state, run.plan.django_plan())
    except Exception as error:
        return StageResult("failed", error=_receiver_failed(run, "pre_migrate", error))
    detail: dict[str, Any] = {"response_seconds_before": run.baseline.response_seconds}
    try:
        run.state_after = run.executor.carry_out(
            run.plan,
            _conduct(run),
            state.clone(),
            fake=run.options.fake,
            fake_initial=run.options.fake_initial,
        )
    except StepFailed as failure:
        detail["resources"] = resources.used()
        run.failure = failure
        return StageResult("failed", detail=detail, error=explain(run, failure))
    try:
        run.surroundings.after(connection, run.state_after, run.plan.django_plan())
    except Exception as error:
        detail["resources"] = resources.used()
        return StageResult(
            "failed", detail=detail, error=_receiver_failed(run, "post_migrate", error)
        )
    detail["response_seconds_after"] = run.database.response_seconds()
    detail["resources"] = resources.used()
    return StageResult("passed", detail=detail)


def _receiver_failed(run: Run, signal: str, error: Exception) -> MigrationFailed:
    """Explain that code of the project, called before or after the migrations, raised; ``--traceback`` shows where."""
    done, total = len(run.record.steps_done), len(run.record.steps)
    failed = MigrationFailed(
        f"A receiver of {signal}, or the creation of tables of apps without migrations, failed: {describe(error)}",
        changed=f"{done} of {total} planned migrations are carried out; what the receivers wrote before stays.",
        next_command=f"safemigrate{run.database_option}   (sends the signals again, after mending the receiver)",
    )
    failed.__cause__ = error
    return failed


def ensure_same_plan(run: Run) -> None:
    """Raise ``SafeMigrateError`` when the plan is no longer the one that was assessed: somebody migrated meanwhile, or a file changed."""
    executor = run.executor
    applied = executor.recorder.applied_migrations()
    now = freeze(run.plan.database, run.plan.targets, run.plan.django_plan())
    if (
        set(applied) == set(executor.loader.applied_migrations)
        and now.fingerprint == run.plan.fingerprint
    ):
        return
    raise SafeMigrateError(
        "The plan is not the one that was assessed: migrations were applied or files were changed since this run began.",
        next_command=f"safemigrate{run.database_option}",
    )


def _conduct(run: Run) -> Conduct:
    options, retry = run.options, run.settings.retry
    return Conduct(
        database=run.database,
        emit=run.emit,
        retry=RetryPolicy(retry.attempts, retry.max_wait),
        lock_timeout=options.lock_timeout,
        statement_timeout=options.statement_timeout,
        before_step=lambda: ensure_held(run.lock, run.database),
        indexes={(step.app_label, step.name): index for index, step in enumerate(run.plan.steps)},
    )


def explain(run: Run, failure: StepFailed) -> SafeMigrateError:
    """Return the error that says what failed, what the database is like now, and what to run next."""
    where = _where(failure)
    verb = "reverting" if failure.backwards else "applying"
    error_class = LockNotAcquired if failure.lost_lock else MigrationFailed
    return error_class(
        f"{verb.capitalize()} {failure.label} failed{where}: {failure}",
        changed=describe_change(run, failure),
        next_command=_next_command(run, failure),
    )


def describe_change(run: Run, failure: StepFailed) -> str:
    """Say in one paragraph which steps are in the database and whether the failed one left anything behind."""
    done = [step.label for step in run.record.steps_done]
    total = len(run.record.steps)
    if failure.is_partial:
        count = len([place for place in failure.completed if place >= 0])
        total_operations = len(failure.migration.operations)
        part = f" and part of {failure.operation_description}" if failure.failed_half_way else ""
        left = (
            f"{failure.label} is half done: {count} of its {total_operations} operations{part} stay in the database, "
            "and it is not recorded."
        )
    else:
        left = f"{failure.label} left nothing behind."
    if not done and not failure.is_partial:
        return f"The database was not changed: {left}"
    word = "unapplied" if failure.backwards else "applied"
    listed = ", ".join(done) if done else "none"
    return f"The database was changed: {len(done)} of {total} planned migrations are {word} ({listed}). {left}"


def _where(failure: StepFailed) -> str:
    if failure.operation is None:
        return ""
    if failure.operation == DEFERRED:
        return f" in its {DEFERRED_DESCRIPTION[0].lower()}{DEFERRED_DESCRIPTION[1:]}"
    return f" in operation {failure.operation + 1} ({failure.operation_description})"


def _next_command(run: Run, failure: StepFailed) -> str:
    if failure.is_partial:
        return f"migrate_status{run.database_option}"
    if failure.lost_lock:
        return f"safemigrate{run.database_option}"
    if run.record.steps_done:
        return f"migrate_rollback --run {run.record.id}{run.database_option}   (or mend the migration, then: safemigrate{run.database_option})"
    return f"safemigrate{run.database_option}   (after mending the migration)"
