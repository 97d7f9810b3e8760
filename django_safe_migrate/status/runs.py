"""The runs of a database: those that ended, those that go on, and those whose process is gone."""

from __future__ import annotations

import dataclasses
import datetime
import socket
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError

from django_safe_migrate import events, journal
from django_safe_migrate.databases.locks import UnlockedRunLock
from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.history import sources
from django_safe_migrate.models import MigrationStep
from django_safe_migrate.record import CRASHED, RUNNING, SUCCEEDED, RunRecord
from django_safe_migrate.reports import point_in_time
from django_safe_migrate.reports.progress import progress_of
from django_safe_migrate.status.contents import (
    FREE,
    HELD,
    UNKNOWN,
    DeadRun,
    HalfDone,
    LockStatus,
    NextCommand,
    Progress,
    RunSummary,
)

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.history import History

Key = tuple[str, str]

_RECORDED = ("applied", "faked", "unapplied")


def lock_status(database: Database) -> LockStatus:
    """
    Say who holds the run lock.

    It is asked for and never tried: a run that begins at this moment must not find it taken by us.
    """
    try:
        lock = database.run_lock()
        if isinstance(lock, UnlockedRunLock):
            return LockStatus(state=UNKNOWN, detail=f"{database.product} offers no run lock.")
        holder = lock.holder()
    except (DatabaseError, InterfaceError, SafeMigrateError) as error:
        return LockStatus(state=UNKNOWN, detail=describe(error))
    return LockStatus(state=HELD, detail=holder) if holder else LockStatus(state=FREE)


def read_runs(history: History, alias: str, lock: LockStatus, count: int) -> list[RunRecord]:
    """
    Return the newest runs on a database, newest first.

    A run on another machine that never ended has crashed when the run lock was free after it had begun.
    """
    asked_at = events.timestamp()
    records = [as_of_now(record) for record in history.last_runs(count, database=alias)]
    for record in records:
        if record.status == RUNNING and lock.state == FREE and _was_elsewhere(record, asked_at):
            sources.mark_crashed(record, sources.last_seen(record))
    return records


def as_of_now(record: RunRecord) -> RunRecord:
    """Return the record of a run that goes on as its journal tells it, if that is here: the tables are written less often."""
    if record.status != RUNNING:
        return record
    file = next((one for one in journal.journals() if one.run_id == record.id), None)
    return (file and sources.current(file, ())) or record


def _was_elsewhere(record: RunRecord, asked_at: str) -> bool:
    return record.host != socket.gethostname() and record.started_at < asked_at


def summary(record: RunRecord) -> RunSummary:
    """Return what is shown of a run."""
    reachable = point_in_time.of_record(record)
    return RunSummary(
        id=record.id,
        kind=record.kind,
        status=record.status,
        outcome=record.outcome,
        started_at=record.started_at,
        finished_at=record.finished_at,
        seconds=record.seconds if record.finished_at else since(record.started_at),
        exit_code=record.exit_code,
        who=record.who,
        host=record.host,
        pid=record.pid,
        command=record.command,
        release=record.release,
        done=len(record.steps_done),
        planned=len(record.steps),
        migrations=tuple(step.label for step in record.steps_done),
        backup=str((record.backup or {}).get("name") or ""),
        rollback_of=record.rollback_of,
        error=str((record.error or {}).get("message") or ""),
        point_in_time=None if reachable is None else dataclasses.asdict(reachable),
    )


def since(moment: str) -> float:
    """Return the seconds since a moment in ISO 8601; 0 for none."""
    if not moment:
        return 0.0
    passed = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(moment)
    return max(0.0, passed.total_seconds())


def progress(record: RunRecord) -> Progress:
    """Return how far a run that goes on has come."""
    found = progress_of(record)
    return Progress(
        run=summary(record),
        stage=found.stage,
        migration=found.migration,
        operation=found.operation,
        attempt=found.attempt,
        scope=found.scope,
        seconds=found.seconds,
        share=found.share,
        left_seconds=found.left_seconds,
        estimated_seconds=found.estimated_seconds,
        is_overdue=found.is_overdue,
        left=found.left,
        meanwhile="; ".join(found.meanwhile),
        monitoring=found.seen,
    )


def _place(record: RunRecord) -> tuple[str, str, str]:
    """The stage, migration and operation that were under way at the last event of a record."""
    stages = [stage.name for stage in record.stages if stage.status == RUNNING]
    steps = [step for step in record.steps if step.status == RUNNING]
    operations = (
        [one.description for one in steps[-1].operations if not one.finished] if steps else []
    )
    return (
        stages[-1] if stages else "",
        steps[-1].label if steps else "",
        operations[-1] if operations else "",
    )


def dead_runs(
    records: list[RunRecord], half_done: tuple[HalfDone, ...], settled: Collection[str] = ()
) -> Iterator[DeadRun]:
    """Yield the runs that were killed, newest first, as far as no later run succeeded and they are not ``settled``."""
    for record in records:
        if record.status == SUCCEEDED:
            return
        if record.status == CRASHED and record.id not in settled:
            yield _dead_run(record, [one for one in half_done if one.run_id == record.id])


def _dead_run(record: RunRecord, half_done: list[HalfDone]) -> DeadRun:
    stage, step, operation = _place(record)
    explanation = str((record.error or {}).get("message") or "")
    if half_done:
        explanation += f" It left {', '.join(one.migration for one in half_done)} half done."
    elif step:
        explanation += f" {step} was under way; nothing of it is left in the database."
    if record.steps:
        done = f"{len(record.steps_done)} of {len(record.steps)}"
        explanation += f" Of its migrations {done} had been carried out."
    commands = tuple(command for one in half_done for command in one.next_commands)
    return DeadRun(
        run=summary(record),
        stage=stage,
        migration=step,
        operation=operation,
        explanation=explanation.strip(),
        next_commands=commands or tuple(_ways_on(record)),
    )


def _ways_on(record: RunRecord) -> Iterator[NextCommand]:
    """The commands that go forward or back from where a killed run stopped."""
    database = on_database(record.database)
    if record.kind == "migrate":
        has_rest = len(record.steps_done) < len(record.steps)
        purpose = "carry out the rest" if has_rest else "send signals it may not have sent"
        yield NextCommand(command=f"safemigrate{database}", purpose=purpose)
        if record.steps_done:
            back = f"migrate_rollback --run {record.id}{database}"
            yield NextCommand(command=back, purpose="undo what it had done")
        return
    again = record.command.partition(" ")[2]
    if again:
        yield NextCommand(command=again, purpose=f"begin this {record.kind} again")


def on_database(alias: str) -> str:
    """The option that names a database, with a space before it; empty for the default one."""
    return "" if alias == "default" else f" --database {alias}"


def faked(history: History, alias: str, records: list[RunRecord]) -> set[Key]:
    """Return the migrations that a run of ours last recorded as applied without carrying them out."""
    last: dict[Key, str] = dict(_faked_in_tables(history, alias))
    for record in reversed(records):
        for step in record.steps:
            if step.is_done:
                last[(step.app_label, step.name)] = _direction(step.status, step.direction)
    return {key for key, status in last.items() if status == "faked"}


def _faked_in_tables(history: History, alias: str) -> Iterator[tuple[Key, str]]:
    """Yield every step that was recorded of the migrations that were ever faked, oldest first."""
    if not history.is_available():
        return
    steps = MigrationStep.objects.using(history.alias).filter(run__database=alias)
    names = steps.filter(status="faked").order_by().values_list("name", flat=True).distinct()
    later = steps.filter(name__in=list(names), status__in=_RECORDED)
    rows = later.order_by("run__started_at", "position")
    for app_label, name, status, direction in rows.values_list(
        "app_label", "name", "status", "direction"
    ):
        yield (app_label, name), _direction(status, direction)


def _direction(status: str, direction: str) -> str:
    """A migration that was unapplied only in the records is not a faked one."""
    return "unapplied" if direction == "backwards" else status
