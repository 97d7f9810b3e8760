"""Runs that the history has as running, and whose process is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.history import History, sources
from django_safe_migrate.models import MigrationRun
from django_safe_migrate.record import RUNNING
from django_safe_migrate.repair.problem import RUNS, Problem, Session
from django_safe_migrate.repair.recording import recorded

if TYPE_CHECKING:
    from django_safe_migrate.databases import Database
    from django_safe_migrate.record import RunRecord


def find_dead_runs(database: Database, *, is_free: bool) -> Iterator[Problem]:
    """
    Yield the runs on a database that are left as running and cannot be.

    Args:
        database: that they ran on.
        is_free: whether nobody else holds its run lock: then a run on another machine is over too.
    """
    history = History()
    held = (database.alias,) if is_free else ()
    for run_id in _left_running(history, database.alias):
        record = history.find(run_id, database=database.alias)
        if record is None or not _is_over(record, held):
            continue
        yield Problem(
            action=RUNS,
            subject=f"run {record.id}",
            found=f"It is left as running, and process {record.pid} on {record.host} is gone.",
            remedy="Close it as crashed, with what its journal tells.",
            repair=lambda session, record=record: _close(session, record),  # type: ignore[misc]
        )


def _left_running(history: History, alias: str) -> list[str]:
    if not history.is_available():
        return []
    rows = MigrationRun.objects.using(history.alias).filter(status=RUNNING, database=alias)
    return [str(key) for key in rows.order_by("started_at").values_list("pk", flat=True)]


def _is_over(record: RunRecord, held: tuple[str, ...]) -> bool:
    return record.status != RUNNING or sources.has_crashed(record, held)


def _close(session: Session, record: RunRecord) -> None:
    with recorded(session, RUNS) as done:
        history = History()
        history.import_journals(held=(session.database.alias,))
        if record.id in _left_running(history, session.database.alias):
            raise SafeMigrateError(
                f"Run {record.id} could not be closed: {history.reason_unavailable() or 'the history did not take it.'}",
                next_command="migrate_status --history",
            )
        done(f"Run {record.id}, whose process is gone, was closed.")
