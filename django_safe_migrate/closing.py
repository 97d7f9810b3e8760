"""The end of a run: its record is closed whatever happened, and a signal becomes an ``Interrupted``."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django_safe_migrate import events
from django_safe_migrate.exceptions import Interrupted, SafeMigrateError
from django_safe_migrate.execution.committed import is_recorded
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.interrupts import (
    StopRequested,
    ensure_not_stopped,
    undisturbed,
)
from django_safe_migrate.record import FAILED, INTERRUPTED, RUNNING, SUCCEEDED
from django_safe_migrate.retention import prune_backups, prune_preserved

if TYPE_CHECKING:
    from django_safe_migrate.journal import Journal
    from django_safe_migrate.run import Run


@contextmanager
def closing(
    run: Run, journal: Journal, recover: Callable[[SafeMigrateError], None]
) -> Iterator[None]:
    """
    Close the record however the block ends.

    ``recover`` is called with the error of a run that failed, and may change its text; it is not called when a signal stopped the run.
    """
    try:
        with _signal_first():
            yield
            _report_failure_to_write(run, journal)
    except StopRequested as stop:
        interrupted = _interrupted(run, stop)
        _finish(run, INTERRUPTED, interrupted)
        raise interrupted from None
    except SafeMigrateError as error:
        _recover(run, error, recover)
        _finish(run, FAILED, error)
        raise
    except Exception as error:
        _finish(run, FAILED, SafeMigrateError(describe(error), changed=_changed_so_far(run)))
        raise
    else:
        with undisturbed():
            prune_backups(run)
            prune_preserved(run)
        _finish(run, SUCCEEDED, None)
    finally:
        journal.close()


@contextmanager
def stopped_before_a_run(alias: str) -> Iterator[None]:
    """Say so when a signal comes before there is a record: while another run is waited for, or while the plan is made."""
    again = "safemigrate" + ("" if alias == "default" else f" --database {alias}")
    with told_when_stopped(lambda: "", again, when=" before its run began"):
        yield


@contextmanager
def told_when_stopped(
    changed: Callable[[], str], next_command: str, *, when: str = ""
) -> Iterator[None]:
    """
    Say so when a signal stops a command.

    Args:
        changed: returns what is true of the database then, empty when it was not changed.
        next_command: what to run next.
        when: at which moment it was stopped, with a space before it.

    Raises:
        Interrupted: a signal came while the block ran.
    """
    try:
        with _signal_first():
            yield
    except StopRequested as stop:
        raise Interrupted(
            f"The command was stopped by {stop}{when}.",
            signal_number=stop.number,
            changed=changed(),
            next_command=next_command,
        ) from None


@contextmanager
def _signal_first() -> Iterator[None]:
    """Raise ``StopRequested`` instead of the error of a statement that a signal has cancelled."""
    try:
        yield
    except Interrupted:
        raise
    except Exception:
        ensure_not_stopped()
        raise


def _recover(
    run: Run, error: SafeMigrateError, recover: Callable[[SafeMigrateError], None]
) -> None:
    """Let a failed run go back; when that raises, the record is closed all the same."""
    try:
        with _signal_first():
            recover(error)
    except StopRequested as stop:
        interrupted = Interrupted(
            f"Going back was stopped by {stop}. The run had failed: {error.message}",
            signal_number=stop.number,
            changed="The database is somewhere on the way back.",
            next_command=f"migrate_status{run.database_option}",
        )
        _finish(run, INTERRUPTED, interrupted)
        raise interrupted from None
    except Exception:
        _finish(run, FAILED, error)
        raise


def _report_failure_to_write(run: Run, journal: Journal) -> None:
    """Say that the journal has gaps: the disk is full, or its folder is gone."""
    if journal.failure:
        run.emit(events.NOTICE, message=journal.failure)


def _finish(run: Run, status: str, error: SafeMigrateError | None) -> None:
    told = error.to_json() if error is not None else None
    code = error.exit_code if error else 0
    with undisturbed():
        run.emit(events.RUN_FINISHED, status=status, exit_code=code, error=told)


def _interrupted(run: Run, stop: StopRequested) -> Interrupted:
    unknown = _look_at_step_under_way(run)
    changed = _changed_so_far(run)
    if unknown:
        done = f"{len(run.record.steps_done)} of {len(run.record.steps)} planned migrations"
        changed = (
            f"{done} are done for certain. It is not known whether {unknown} was committed when the signal came; "
            "migrate_status tells once the server has come to the end of it."
        )
    return Interrupted(
        f"The run was stopped by {stop}.",
        signal_number=stop.number,
        changed=changed,
        next_command=f"migrate_status{run.database_option}",
    )


def _look_at_step_under_way(run: Run) -> str:
    """
    Ask the database whether the step under way is recorded: the signal may have come while it was committed.

    Writes down that the step is done when it is; returns the step when nobody knows, else an empty text.
    """
    step = next((one for one in run.record.steps if one.status == RUNNING), None)
    if step is None:
        return ""
    recorded = is_recorded(run.database, step.app_label, step.name)
    if recorded is None:
        return step.label
    if recorded is (step.direction == "forwards"):
        only_recorded = run.options.fake or (run.options.fake_initial and not step.operations)
        done = "applied" if recorded else "unapplied"
        status = "faked" if only_recorded else done
        index = run.record.steps.index(step)
        began = datetime.datetime.fromisoformat(step.started_at)
        seconds = (datetime.datetime.now(datetime.UTC) - began).total_seconds()
        run.emit(events.STEP_FINISHED, index=index, status=status, seconds=seconds)
    return ""


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
