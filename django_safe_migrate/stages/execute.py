"""Carry the plan out on the real database: the only stage that changes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db.utils import DatabaseError, InterfaceError

from django_safe_migrate.databases.activity import named
from django_safe_migrate.exceptions import LockNotAcquired, MigrationFailed, SafeMigrateError
from django_safe_migrate.execution import resources
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.limits import check_limits
from django_safe_migrate.execution.monitoring.monitor import Monitor, MonitorOptions
from django_safe_migrate.execution.monitoring.watching import NotWatching
from django_safe_migrate.execution.observer import DEFERRED, DEFERRED_DESCRIPTION, Conduct
from django_safe_migrate.execution.positions import NEVER, Positions
from django_safe_migrate.execution.retry import RetryPolicy
from django_safe_migrate.execution.run_lock import ensure_held, ensure_ready, why_lost
from django_safe_migrate.execution.step_failed import StepFailed
from django_safe_migrate.execution.stop import Stop
from django_safe_migrate.guarding import Guarding, refusal, wait_again
from django_safe_migrate.plan import freeze
from django_safe_migrate.preservation.keeping import Keeper
from django_safe_migrate.rehearsal.expecting import expecting
from django_safe_migrate.run import Run, StageResult
from django_safe_migrate.verification import measure

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState


def execute(run: Run) -> StageResult:
    """Measure, send ``pre_migrate``, carry every step out, send ``post_migrate``, measure again."""
    # The backup before may have taken longer than a silent connection lives.
    ensure_ready(run.lock, run.database)
    if in_the_way := wait_again(run):
        return StageResult("failed", findings=in_the_way, error=refusal(run, in_the_way))
    ensure_same_plan(run)
    check_limits(step.migration for step in run.plan.steps)
    positions, detail = _before(run)
    connection = run.database.connection
    state = run.executor.current_state()
    try:
        run.surroundings.before(connection, state, run.plan.django_plan())
    except Exception as error:
        return StageResult("failed", error=_receiver_failed(run, "pre_migrate", error))
    after = _carry_out(run, state, detail, positions)
    if isinstance(after, StepFailed):
        run.failure = after
        detail["resources"] = resources.used()
        return StageResult("failed", detail=detail, error=explain(run, after))
    run.state_after = after
    ensure_ready(run.lock, run.database)
    try:
        run.surroundings.after(connection, after, run.plan.django_plan())
    except Exception as error:
        detail["resources"] = resources.used()
        return StageResult(
            "failed", detail=detail, error=_receiver_failed(run, "post_migrate", error)
        )
    detail["response_seconds_after"] = run.database.response_seconds()
    detail["resources"] = resources.used()
    return StageResult("passed", detail=detail)


def _before(run: Run) -> tuple[Positions, dict[str, Any]]:
    """Measure, and record where the database's log is; return who records that further on, and what is known by now."""
    run.baseline = measure(
        run.database,
        run.settings,
        plan=run.plan,
        row_counts=run.backup_row_counts,
        state=run.state_without_plan,
    )
    # What is only recorded as applied leaves no points to go back to.
    when = NEVER if run.options.fake else run.settings.positions
    positions = Positions(run.database, run.emit, run.record.id, when)
    detail: dict[str, Any] = {"response_seconds_before": run.baseline.response_seconds}
    reachable = positions.before()
    return positions, detail | ({} if reachable is None else {"point_in_time": reachable})


def _carry_out(
    run: Run, state: ProjectState, detail: dict[str, Any], positions: Positions
) -> ProjectState | StepFailed:
    """Carry the plan out while the monitor watches; return the state after it or what failed, and leave in ``detail`` what was seen."""
    monitor, guarding = _monitor(run), Guarding(run)
    keeper = keeper_of(run)
    conduct = dataclasses.replace(
        conduct_of(run, monitor, guarding.stop, keeper), after_step=positions.after
    )
    run.lock.on_loss = lambda: conduct.stop.request(why_lost(run.database))
    try:
        with (
            _watched(monitor, detail),
            guarding.watching(detail),
            expecting(conduct, run.plan, run.record, run.settings.rehearse, detail) as told,
        ):
            after = run.executor.carry_out(
                run.plan,
                told,
                state.clone(),
                fake=run.options.fake,
                fake_initial=run.options.fake_initial,
            )
            if not run.options.fake:
                with run.database.timeouts(run.options.lock_timeout, run.options.statement_timeout):
                    keeper.finish(run.plan, after)
            return after
    except StepFailed as failure:
        return failure
    finally:
        run.lock.on_loss = None
        detail["repeated"] = dict(conduct.repeats)


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


def _monitor(run: Run) -> Monitor | None:
    """Return who watches the run; nobody does where steps are only recorded, which keeps nobody waiting."""
    if run.options.fake:
        return None
    asked = MonitorOptions(run.settings.probe_urls, run.options.terminate_blockers)
    return Monitor(run.database, run.emit, asked)


@contextmanager
def _watched(monitor: Monitor | None, detail: dict[str, Any]) -> Iterator[None]:
    """Let the monitor watch while the block runs, and write down what it saw, however the block ends."""
    if monitor is None:
        yield
        return
    monitor.start()
    try:
        yield
    finally:
        detail["monitoring"] = monitor.stop()


def conduct_of(
    run: Run,
    monitor: Monitor | None = None,
    stop: Stop | None = None,
    keeper: Keeper | None = None,
) -> Conduct:
    """Return how the steps of a run are carried out, watched by a monitor or by nobody, and what may stop them."""
    options, retry = run.options, run.settings.retry
    return Conduct(
        database=run.database,
        emit=run.emit,
        retry=RetryPolicy(retry.attempts, retry.max_wait),
        lock_timeout=options.lock_timeout,
        statement_timeout=options.statement_timeout,
        concurrent_timeout=run.settings.concurrent_timeout,
        before_step=lambda: ensure_ready(run.lock, run.database),
        ensure_held=lambda: ensure_held(run.lock, run.database),
        indexes={(step.app_label, step.name): index for index, step in enumerate(run.plan.steps)},
        monitor=monitor or NotWatching(),
        stop=stop or Stop(),
        keeping=keeper or keeper_of(run),
    )


def keeper_of(run: Run) -> Keeper:
    """Return who keeps what the run destroys."""
    return Keeper(run.database, run.settings.preserve, run.emit, run.plan, run.record.id)


def explain(run: Run, failure: StepFailed) -> SafeMigrateError:
    """Return the error that says what failed, what the database is like now, and what to run next."""
    where = _where(failure)
    verb = "reverting" if failure.backwards else "applying"
    no_lock = failure.lost_lock or isinstance(failure.error, LockNotAcquired)
    no_lock = failure.stop_reason == why_lost(run.database) if failure.stop_reason else no_lock
    error_class = LockNotAcquired if no_lock else MigrationFailed
    what = f"{verb.capitalize()} {failure.label}"
    if failure.stop_reason:
        message = f"{failure} {what} was stopped{where}."
    else:
        message = f"{what} failed{where}: {failure}{_in_the_way(run, failure)}"
    return error_class(
        message,
        changed=describe_change(run, failure),
        next_command=_next_command(run, failure),
    )


def _in_the_way(run: Run, failure: StepFailed) -> str:
    """Name who held the lock that was never had, or say why nobody is named."""
    if not failure.lost_lock:
        return ""
    who = named(failure.blockers) or run.database.names_no_blockers or "nobody was seen any more"
    return f" In its way: {who}"


def describe_change(run: Run, failure: StepFailed) -> str:
    """Say in one paragraph which steps are in the database and whether the failed one left anything behind."""
    done = [step.label for step in run.record.steps_done]
    total = len(run.record.steps)
    if run.database.is_connection_error(failure.error) and _was_committing(run, failure):
        left = _after_lost_commit(run, failure)
        return f"{len(done)} of {total} planned migrations before it are done. {left}"
    if failure.is_partial:
        count = len([place for place in failure.completed if place >= 0])
        total_operations = len(failure.migration.operations)
        lost = run.database.is_connection_error(failure.error)
        word = "and perhaps part" if lost else "and part"
        part = f" {word} of {failure.operation_description}" if failure.failed_half_way else ""
        left = (
            f"{failure.label} is half done: {count} of its {total_operations} operations{part} stay in the database, "
            "and it is not recorded."
        )
    else:
        left = f"{failure.label} left nothing behind."
    if failure.unusable:
        left = (
            f"{failure.label} left an invalid index behind, which the next run drops and builds again: "
            + "; ".join(failure.unusable)
        )
    if not done and not failure.is_partial and not failure.unusable:
        return f"The database was not changed: {left}"
    word = "unapplied" if failure.backwards else "applied"
    listed = ", ".join(done) if done else "none"
    return f"The database was changed: {len(done)} of {total} planned migrations are {word} ({listed}). {left}"


def _was_committing(run: Run, failure: StepFailed) -> bool:
    """Whether every operation had come to its end in one transaction, of which only the commit was missing."""
    in_transaction = failure.migration.atomic and run.database.can_rollback_ddl
    return in_transaction and failure.operation is None and bool(failure.completed)


def _after_lost_commit(run: Run, failure: StepFailed) -> str:
    """Look, on a new connection, whether the transaction whose commit was not answered is in the database."""
    connection = run.database.connection
    try:
        connection.close()
        recorded = set(run.executor.recorder.applied_migrations())
    except (DatabaseError, InterfaceError):
        return f"The connection was lost while {failure.label} was committed; whether it is applied, migrate_status tells."
    key = (failure.migration.app_label, failure.migration.name)
    applied = "applied" if key in recorded else "not applied, and left nothing behind"
    return f"The connection was lost while {failure.label} was committed: it is {applied}."


def _where(failure: StepFailed) -> str:
    if failure.operation is None:
        return ""
    if failure.operation == DEFERRED:
        return f" in its {DEFERRED_DESCRIPTION[0].lower()}{DEFERRED_DESCRIPTION[1:]}"
    return f" in operation {failure.operation + 1} ({failure.operation_description})"


def _next_command(run: Run, failure: StepFailed) -> str:
    if failure.is_partial or isinstance(failure.error, LockNotAcquired):
        return f"migrate_status{run.database_option}"
    if run.database.is_connection_error(failure.error):
        return f"safemigrate{run.database_option}   (once the server answers)"
    if failure.lost_lock or failure.stop_reason or failure.unusable:
        return f"safemigrate{run.database_option}"
    if run.database.is_full_error(failure.error):
        return f"safemigrate{run.database_option}   (after making room on the disk of the database)"
    if isinstance(failure.error, MemoryError):
        return f"safemigrate{run.database_option}   (with more memory for it)"
    if run.record.steps_done:
        return f"migrate_rollback --run {run.record.id}{run.database_option}   (or mend the migration, then: safemigrate{run.database_option})"
    return f"safemigrate{run.database_option}   (after mending the migration)"
