"""Restoring a backup as a run of its own: under the run lock, recorded, with the history carried over."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING

from django_safe_migrate import conf, events, provenance
from django_safe_migrate.exceptions import BackupFailed, Interrupted, SafeMigrateError
from django_safe_migrate.execution.errors import describe
from django_safe_migrate.execution.interrupts import StopRequested
from django_safe_migrate.history import History
from django_safe_migrate.journal import Journal
from django_safe_migrate.record import FAILED, INTERRUPTED, SUCCEEDED, RunRecord
from django_safe_migrate.recorder import Listener, Recorder
from django_safe_migrate.run import RESTORE

if TYPE_CHECKING:
    from pathlib import Path

    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.backups import BackupBackend, RestoreResult
    from django_safe_migrate.backups.base import Progress
    from django_safe_migrate.databases import Database

#: What is true when a signal has stopped a restore, wherever it was.
STOPPED = "The database holds its present state or that of the backup, or it is between the two; migrate_backup repair finishes or undoes what was begun."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """Which backup to restore, and how; ``rollback_of`` is the run that the restore undoes."""

    name: str
    listener: Listener
    in_place: bool = False
    no_owner: bool = False
    rollback_of: str = ""
    progress: Progress | None = None


def restore_backup(
    request: RestoreRequest, database: Database, backend: BackupBackend
) -> RestoreResult:
    """
    Restore a backup over a database whose run lock the caller holds; the history written since the backup is carried over.

    Raises:
        BackupFailed: the backup is not sound or could not be restored; ``changed`` says which database is in place.
    """
    record = RunRecord(str(uuid.uuid4()))
    journal = Journal.open(record.id, database.alias)
    recorder = Recorder(record, journal, History(), request.listener)
    _announce(recorder, request, database)
    try:
        result = _restore(request, database, backend)
    except StopRequested as stop:
        _finish(recorder, INTERRUPTED, _interrupted(database, stop))
        raise
    except SafeMigrateError as error:
        _finish(recorder, FAILED, error)
        raise
    except Exception as error:
        _finish(
            recorder,
            FAILED,
            BackupFailed(
                describe(error), changed="See the traceback: what was changed is not known."
            ),
        )
        raise
    else:
        recorder.emit(events.BACKUP_CREATED, receipt=result.receipt.told())
        recorder.emit(events.NOTICE, message=_told(result))
        _finish(recorder, SUCCEEDED, None)
        return result
    finally:
        journal.close()


def _interrupted(database: Database, stop: StopRequested) -> Interrupted:
    return Interrupted(
        f"The restore was stopped by {stop}.",
        signal_number=stop.number,
        changed=STOPPED,
        next_command=f"migrate_backup repair --database {database.alias}",
    )


def _restore(request: RestoreRequest, database: Database, backend: BackupBackend) -> RestoreResult:
    history = History()
    snapshot = (
        history.export_snapshot()
        if history.alias == database.alias and history.is_available()
        else None
    )
    return backend.restore(
        request.name,
        database,
        in_place=request.in_place,
        no_owner=request.no_owner,
        before_swap=lambda connection: _carry_over(connection, snapshot),
        progress=request.progress,
    )


def _carry_over(connection: BaseDatabaseWrapper, snapshot: Path | None) -> None:
    """Bring the history of the present database into the restored one; without tables there it waits beside the journals."""
    if snapshot is not None:
        History(connection).import_snapshot(snapshot)


def _announce(recorder: Recorder, request: RestoreRequest, database: Database) -> None:
    recorder.emit(
        events.RUN_STARTED,
        kind=RESTORE,
        database=database.alias,
        vendor=database.connection.vendor,
        server=database.server,
        rollback_of=request.rollback_of,
        options={
            "backup": request.name,
            "in_place": request.in_place,
            "no_owner": request.no_owner,
        },
        plan=[],
        **provenance.facts(conf.load().release),
    )


def _finish(recorder: Recorder, status: str, error: SafeMigrateError | None) -> None:
    told = error.to_json() if error is not None else None
    recorder.emit(
        events.RUN_FINISHED, status=status, exit_code=error.exit_code if error else 0, error=told
    )


def _told(result: RestoreResult) -> str:
    kept = (
        f" The state before is kept as {result.kept}."
        if result.kept
        else " The state before was not kept."
    )
    return f"Restored {result.receipt.name}.{kept}"
